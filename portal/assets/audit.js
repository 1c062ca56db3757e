import { askSigned } from './api.js';
import { breakable, byId, el } from './dom.js';
import { currentOrganization, holding } from './organization.js';
import { attempt, complain, headPlaces, show, startSigned } from './page.js';
import { settled } from './picker.js';
import { profile, readProfile, rightName, roleName, roleOf, typeName, typeOf } from './profile.js';
import { day, has, onLanguage, say, t, written } from './texts.js';

const me = await startSigned();
const places = holding(me.memberships, 'audit:see');
if (places.length === 0) {
  show('refused');
  await new Promise(() => {}); // there is nothing else on the page
}
const place = currentOrganization(places);
const path = `/v1/organizations/${place.organizationId}`;
const seesUsers = place.rights.includes('users:see');

// What can be asked for; more can happen than one looks for.
const kinds = [
  'action.user.created', 'action.user.updated', 'action.user.validity-set', 'action.user.removed', 'action.user.restored', 'action.user.erased',
  'action.user.activated', 'action.user.activation-sent', 'action.user.details-changed', 'action.user.expired', 'action.user.email-change-requested',
  'action.user.email-changed', 'action.user.email-change-undone', 'action.user.email-undeliverable', 'action.user.password-reset-requested',
  'action.user.password-changed', 'action.users.exported', 'action.person.exported', 'action.partner.searched', 'action.user.national-id-seen',
  'action.user.national-id-searched', 'action.organization.created', 'action.organization.updated', 'action.organization.agreement-announced', 'action.resource.created',
  'action.resource.updated', 'action.resource.removed', 'action.mandate.given', 'action.mandate.updated', 'action.mandate.revoked',
  'action.subscription.set', 'action.service.created', 'action.service.revoked', 'action.store.restored', 'action.store.repaired',
];

const actionName = (action) => (has(`action.${action}`) ? t(`action.${action}`) : action);

// The names behind ids.

const names = new Map(); // id -> name; null for what is not there, or not to be seen
names.set(place.organizationId, place.organizationName);
names.set(me.id, null);

const source = {
  usr: { at: 'users', of: ({ givenName, familyName }) => t('users.fullName', { givenName, familyName }) },
  res: { at: 'resources', of: ({ name }) => name },
};
const ids = /\b(?:usr|res)_[0-9a-z]{26}\b/g;
const organizations = /\borg_[0-9a-z]{26}\b/g;

async function learn(list) {
  const others = [...new Set(JSON.stringify(list).match(organizations))].filter((id) => !names.has(id));
  if (others.length > 0 && seesUsers) {
    for (const id of others) names.set(id, null);
    const { data } = await askSigned('GET', `${path}/partner-organizations`);
    for (const { id, name } of data.items) names.set(id, name);
  }
  const met = new Set(JSON.stringify(list).match(ids));
  await Promise.all([...met].filter((id) => !names.has(id)).map(async (id) => {
    const { at, of } = source[id.slice(0, 3)];
    if (!place.rights.includes(`${at}:see`)) return;
    try {
      names.set(id, of((await askSigned('GET', `${path}/${at}/${id}`)).data));
    } catch (problem) {
      if (![403, 404].includes(problem.status)) throw problem;
      names.set(id, null);
    }
  }));
}

function personName(id) {
  if (id === me.id) return t('users.you');
  if (names.has(id)) return names.get(id) ?? t('audit.notHere');
  return id;
}

// The list.

const plain = { action: '', actor: '', from: '', to: '' };
const enough = 20; // entries to show at once; a page that was sifted can have fewer
let wanted = plain;
let entries = [];
let next = null;
let asked = 0;

// The first moment of a day, where the reader is; after so many days more.
function moment(date, more = 0) {
  const [year, month, dayOfMonth] = date.split('-').map(Number);
  return new Date(year, month - 1, dayOfMonth + more).toISOString();
}

function question(cursor) {
  const { action, actor, from, to } = wanted;
  const query = new URLSearchParams({ limit: '50' });
  const put = (key, value) => value && query.append(key, value);
  put('action', action);
  put('actor', actor);
  put('from', from && moment(from));
  put('to', to && moment(to, 1));
  put('cursor', cursor);
  return `${path}/audit?${query}`;
}

async function readPage(before, from) {
  const list = [...before];
  let cursor = from;
  do {
    const { data } = await askSigned('GET', question(cursor));
    list.push(...data.items);
    cursor = data.next || null;
  } while (cursor && list.length - before.length < enough);
  await learn(list.slice(before.length));
  return { list, cursor };
}

async function ask(change) {
  wanted = { ...wanted, ...change };
  byId('audit-clear').hidden = Object.values(wanted).every((value) => !value);
  const own = ++asked;
  byId('audit').setAttribute('aria-busy', 'true');
  try {
    const page = await readPage([], null);
    if (own !== asked) return; // something else was asked for meanwhile
    ({ list: entries, cursor: next } = page);
    render();
  } catch (problem) {
    if (own === asked) complain(problem);
  } finally {
    if (own === asked) byId('audit').removeAttribute('aria-busy');
  }
}

function render() {
  byId('audit-rows').replaceChildren(...entries.map(row));
  byId('audit').hidden = entries.length === 0;
  const count = entries.length;
  if (count === 0) say(byId('audit-count'), 'audit.none');
  else say(byId('audit-count'), next === null ? 'audit.count' : 'audit.countSoFar', { count });
  byId('audit-more').hidden = next === null;
}

// Narrow screens show the column's name beside each value.
const cell = (column, ...content) => el('td', {}, say(el('span', { class: 'column' }), column), el('div', {}, ...content));

function row(entry) {
  return el('tr', { 'data-testid': 'audit-row', 'data-action': entry.action },
    el('th', { scope: 'row' }, el('time', { datetime: entry.at, tabindex: '-1' }, written(new Date(entry.at)))),
    cell('audit.actor', ...breakable(actorName(entry.actor))),
    cell('audit.action', el('span', { 'data-testid': 'audit-action' }, actionName(entry.action))),
    cell('audit.subject', ...breakable(subjectName(entry.subject))),
    cell('audit.changes', entry.changes.length > 0 ? el('ul', { class: 'plain small' }, ...entry.changes.map(line)) : '–'));
}

function actorName({ type, id }) {
  if (type === 'person') return personName(id);
  return type === 'job' ? t('audit.job') : t('audit.public');
}

function subjectName({ type, id }) {
  if (type === 'user') return personName(id);
  if (names.get(id)) return names.get(id);
  return has(`subject.${type}`) ? t(`subject.${type}`) : type;
}

function line({ field, before, after }) {
  const name = el('span', { class: 'strong' }, has(`change.${field}`) ? t(`change.${field}`) : field);
  const [old, now] = [value(field, before), value(field, after)];
  const text = before && after ? t('audit.fromTo', { before: old, after: now }) : before ? t('audit.was', { before: old }) : now;
  return el('li', {}, name, ': ', ...breakable(text));
}

const held = (key) => (roleOf(key) ? roleName(key) : rightName(key));

// A value in the reader's language, as far as it is one of the portal's words.
function value(field, text) {
  if (field === 'roles' || field === 'rights') return text.split(' ').map(held).join(', ');
  if (field === 'assignments') return text.split('; ').map(assignment).join('; ');
  if (field === 'validity') {
    const [kind, from, to] = text.split(' ');
    return kind === 'fixedTerm' ? t('validity.term', { from: day(from), to: day(to) }) : t(`value.${kind}`);
  }
  if (typeOf(text)) return typeName(text);
  if (has(`value.${text}`)) return t(`value.${text}`);
  if (field === 'status' && has(`status.${text}`)) return t(`status.${text}`);
  return text.replace(ids, (id) => names.get(id) ?? id).replace(organizations, (id) => names.get(id) ?? t('audit.otherOrganization'));
}

// Such as "project-member in project:res_…".
function assignment(text) {
  const [what, where] = text.split(' in ');
  if (!where) return text;
  const scope = (one) => {
    const [type, id] = one.split(':');
    return id ? `${typeName(type)} ${names.get(id) ?? t('access.gone')}` : typeName(type);
  };
  return t('users.what', { what: what.split(' ').map(held).join(', '), where: where.split(' ').map(scope).join(', ') });
}

byId('audit-more').addEventListener('click', async () => {
  const first = entries.length;
  const own = asked;
  try {
    const page = await readPage(entries, next);
    if (own !== asked) return;
    ({ list: entries, cursor: next } = page);
  } catch (problem) {
    complain(problem);
    return;
  }
  render();
  document.querySelectorAll('#audit-rows time')[first]?.focus();
});

// The filters.

function fillActions() {
  const options = kinds.map((key) => [key.slice(key.indexOf('.') + 1), t(key)]).toSorted(([, a], [, b]) => a.localeCompare(b, document.documentElement.lang));
  byId('audit-action').replaceChildren(...[['', t('filter.any')], ...options].map(([kind, text]) => el('option', { value: kind }, text)));
  byId('audit-action').value = wanted.action;
}

const people = new Map(); // what is typed for somebody -> their id

function offerPeople() {
  byId('audit-actors').replaceChildren(...[...people.keys()].map((text) => el('option', { value: text })));
}

const seek = settled(async (text) => {
  try {
    const { data } = await askSigned('GET', `${path}/users?${new URLSearchParams({ q: text, limit: '10' })}`);
    for (const { id, givenName, familyName, email } of data.items) people.set(`${familyName}, ${givenName} · ${email}`, id);
    offerPeople();
  } catch (problem) {
    complain(problem);
  }
});

byId('audit-actor').addEventListener('input', () => {
  const text = byId('audit-actor').value.trim();
  const actor = people.get(text) ?? '';
  byId('audit-actor-hint').replaceChildren(...(text && !actor ? [say(el('span'), 'audit.chooseActor')] : []));
  if (text && !actor) seek(text);
  if (actor !== wanted.actor) ask({ actor });
});
byId('audit-action').addEventListener('change', () => ask({ action: byId('audit-action').value }));
for (const end of ['from', 'to']) byId(`audit-${end}`).addEventListener('change', () => ask({ [end]: byId(`audit-${end}`).value }));
byId('audit-clear').addEventListener('click', () => {
  for (const id of ['audit-action', 'audit-actor', 'audit-from', 'audit-to']) byId(id).value = '';
  byId('audit-actor-hint').replaceChildren();
  byId('audit-action').focus();
  ask(plain);
});

headPlaces(places, place, 'audit.titleOf');
await attempt(async () => {
  await readProfile();
  ({ list: entries, cursor: next } = await readPage([], null));
});
byId('audit-actor').closest('.field').hidden = !seesUsers;
people.set(t('users.you'), me.id);
offerPeople();
onLanguage(() => {
  fillActions();
  render();
});
fillActions();
render();
show('list');
