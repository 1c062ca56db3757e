import { accessEditor, placesOf } from './access.js';
import { askSigned, create, signedIn } from './api.js';
import { breakable, byId, el, icon } from './dom.js';
import { clear, handle, showProblem } from './form.js';
import { importForm } from './import.js';
import { nationalIdSearch } from './national-id.js';
import { currentOrganization, holding } from './organization.js';
import { announce, attempt, complain, headPlaces, show, startSigned } from './page.js';
import { partnerSearch } from './partner.js';
import { settled } from './picker.js';
import { everywhere, named, ownRights, profile, readProfile, refused, rightName, roleName, typeName } from './profile.js';
import { day, has, name, onLanguage, say, t, written } from './texts.js';
import { userForm } from './user-form.js';
import { validityFields } from './validity.js';

const me = await startSigned();
const places = holding(me.memberships, 'users:see');
if (places.length === 0) {
  show('refused');
  await new Promise(() => {}); // there is nothing else on the page
}
const place = currentOrganization(places);
const [mayEdit, maySend] = ['users:edit', 'users:send-activation'].map((right) => place.rights.includes(right));
const organization = place.organizationName;
const path = `/v1/organizations/${place.organizationId}/users`;

let users = [];
let next = null; // cursor of the users not read yet
let total; // of users, where the API has counted them

// Which users are asked for, and in which order.

const plain = { view: 'all', q: '', role: '', status: '', rights: [], sort: 'name' };
let wanted = plain;

const views = { all: 'view.all', own: 'view.own', partner: 'view.partner', inactive: 'view.inactive' };
const columns = { name: 'users.name', email: 'field.email', role: 'users.roles', status: 'users.status', lastSignInAt: 'users.lastSignIn' };

function question(at, cursor) {
  const { view, q, role, status, rights, sort } = wanted;
  const query = new URLSearchParams();
  const put = (key, value) => value && query.append(key, value);
  put('q', q);
  put('role', role);
  for (const right of rights) put('right', right);
  if (view === 'inactive') put('status', view);
  else put('status', status);
  if (view === 'own' || view === 'partner') put('kind', view);
  if (sort !== 'name') put('sort', sort);
  put('cursor', cursor);
  return query.size > 0 ? `${at}?${query}` : at;
}

const filters = () => [wanted.role, wanted.view !== 'inactive' && wanted.status, ...wanted.rights].filter(Boolean).length;

let asked = 0;

// Asks for other users than those shown.
async function ask(change) {
  wanted = { ...wanted, ...change };
  showWanted();
  const own = ++asked;
  byId('users').setAttribute('aria-busy', 'true');
  try {
    const page = await readPage([], null);
    if (own !== asked) return; // something else was asked for meanwhile
    take(page);
    render();
  } catch (problem) {
    if (own === asked) complain(problem);
  } finally {
    if (own === asked) byId('users').removeAttribute('aria-busy');
  }
}

function take(page) {
  ({ list: users, cursor: next, count: total } = page);
}

// What is asked for, as the fields above the list say it.
function showWanted() {
  const { policies, roles, rights } = profile;
  const offered = ['all', ...(policies.partners ? ['own', 'partner'] : []), ...(policies.removalOwn === 'deactivate' ? ['inactive'] : [])];
  byId('views').hidden = offered.length < 2;
  const held = document.activeElement.closest('#views button')?.dataset.view;
  byId('views').replaceChildren(...offered.map((view) => {
    const button = say(el('button', { type: 'button', 'data-view': view, 'aria-pressed': String(view === wanted.view) }), views[view]);
    button.addEventListener('click', () => ask({ view }));
    return button;
  }));
  if (held) document.querySelector(`#views [data-view="${held}"]`)?.focus();

  const fill = (id, value, options) => {
    byId(id).replaceChildren(...options.map(([key, text]) => el('option', { value: key }, text)));
    byId(id).value = value;
  };
  fill('filter-role', wanted.role, [['', t('filter.any')], ...roles.map(({ key }) => [key, roleName(key)])]);
  const statuses = ['invited', 'active', ...(policies.fixedTerm ? ['upcoming', 'expired'] : []), 'locked', ...(policies.subscription ? ['unsubscribed'] : [])];
  fill('filter-status', wanted.status, [['', t('filter.any')], ...statuses.map((status) => [status, t(`status.${status}`)])]);
  byId('filter-status-field').hidden = wanted.view === 'inactive';
  const orders = Object.entries(columns).flatMap(([column, key]) => [[column, `${t(key)} ↑`], [`-${column}`, `${t(key)} ↓`]]);
  fill('users-sort', wanted.sort, orders);
  const focused = document.activeElement.closest('#filter-rights input')?.value;
  byId('filter-rights').replaceChildren(...[...rights.map(({ key }) => key), ...ownRights()].map(rightBox));
  if (focused) document.querySelector(`#filter-rights [value="${focused}"]`).focus();
  if (byId('users-search').value.trim() !== wanted.q) byId('users-search').value = wanted.q;
  say(byId('filters-summary'), filters() > 0 ? 'filter.some' : 'filter.none', { count: filters() });
  byId('filter-clear').hidden = filters() === 0;

  for (const th of document.querySelectorAll('th[data-sort]')) {
    const order = { [th.dataset.sort]: 'ascending', [`-${th.dataset.sort}`]: 'descending' }[wanted.sort];
    if (order) th.setAttribute('aria-sort', order);
    else th.removeAttribute('aria-sort');
  }
}

function rightBox(key) {
  const input = el('input', { type: 'checkbox', id: `filter-right-${key}`, value: key, checked: wanted.rights.includes(key) });
  input.addEventListener('change', () => {
    ask({ rights: input.checked ? [...wanted.rights, key] : wanted.rights.filter((other) => other !== key) });
  });
  return el('div', { class: 'choice' }, input, el('label', { for: input.id }, rightName(key)));
}

byId('users-search').addEventListener('input', settled(() => ask({ q: byId('users-search').value.trim() })));
byId('filter-role').addEventListener('change', () => ask({ role: byId('filter-role').value }));
byId('filter-status').addEventListener('change', () => ask({ status: byId('filter-status').value }));
byId('users-sort').addEventListener('change', () => ask({ sort: byId('users-sort').value }));
byId('filter-clear').addEventListener('click', () => {
  byId('filters').querySelector('summary').focus();
  ask({ role: '', status: '', rights: [] });
});
for (const th of document.querySelectorAll('th[data-sort]')) {
  const { sort } = th.dataset;
  th.querySelector('button').addEventListener('click', () => ask({ sort: wanted.sort === sort ? `-${sort}` : sort }));
}

// The list.

const enough = 20; // users to show at once; a page that was sifted can have fewer

// Adds the users behind a cursor to a list.
async function readPage(before, from) {
  const list = [...before];
  let cursor = from;
  let count;
  do {
    const { data } = await askSigned('GET', question(path, cursor));
    const here = new Set(list.map(({ id }) => id)); // invited on this page, and read again now
    list.push(...data.items.filter(({ id }) => !here.has(id)));
    [cursor, count] = [data.next || null, data.count];
  } while (cursor && list.length - before.length < enough);
  return { list, cursor, count };
}

// Reads the list again as far as it was read, unless the reader is busy with it.
async function refresh() {
  const [before, own] = [JSON.stringify(users), asked];
  let page = { list: [], cursor: null };
  try {
    do page = await readPage(page.list, page.cursor); while (page.cursor && page.list.length < users.length);
  } catch (problem) {
    if ([403, 404].includes(problem.status)) location.reload(); // which explains it
    return;
  }
  if (own !== asked || JSON.stringify(users) !== before || document.querySelector('dialog[open]')) return;
  take(page);
  render();
}

function render() {
  const held = document.activeElement.closest('#users-rows button');
  const holder = held?.closest('tr').dataset.user;
  byId('users-rows').replaceChildren(...users.map(row));
  if (held) document.querySelector(`tr[data-user="${holder}"] [data-testid="${held.dataset.testid}"]`)?.focus({ preventScroll: true });
  tellCount();
  byId('users-more').hidden = next === null;
}

function tellCount() {
  const count = users.length;
  if (count === 0) say(byId('users-count'), 'users.none');
  else if (next === null) say(byId('users-count'), 'users.count', { count });
  else if (total === undefined) say(byId('users-count'), 'users.countSoFar', { count });
  else say(byId('users-count'), 'users.countOf', { count, total });
}

const opens = (user) => mayEdit && user.status !== 'inactive';

function row(user) {
  const heading = say(opens(user) ? el('button', { type: 'button', class: 'link' }) : el('span', { tabindex: '-1' }), 'users.listName', user);
  heading.dataset.testid = 'user-name';
  const tr = el('tr', { 'data-testid': 'user-row', 'data-user': user.id, 'data-email': user.email, 'data-status': user.status },
    el('th', { scope: 'row' }, heading, ' ', note(user)),
    cell('field.email', addressOf(user)),
    cell('users.roles', rolesOf(user)),
    cell('users.status', statusOf(user)),
    cell('users.lastSignIn', when(user)),
    el('td', { class: 'actions' }, ...actions(user)));
  if (!opens(user)) return tr;
  tr.addEventListener('click', ({ target }) => {
    if (heading.contains(target) || (!target.closest('button') && getSelection().isCollapsed)) edit(user);
  });
  return tr;
}

// Narrow screens show the column's name beside each value.
function cell(column, content) {
  return el('td', {}, say(el('span', { class: 'column' }), column), content);
}

function note(user) {
  if (user.id === me.id) return say(el('span', { class: 'tag' }), 'users.you');
  return user.kind === 'partner' ? say(el('span', { class: 'tag' }), 'users.partner') : null;
}

// The address, and whether mails to it come back.
function addressOf({ email, emailUndeliverable }) {
  const what = { bounced: 'users.bounced', complained: 'users.complained' }[emailUndeliverable];
  const address = el('span', {}, ...breakable(email));
  if (what) {
    address.append(' ', say(el('span', { class: 'badge undeliverable', 'data-testid': 'user-undeliverable' }), what),
      say(el('span', { class: 'small below' }), 'users.undeliverableNote'));
  }
  return address;
}

function rolesOf(user) {
  const somewhere = user.assignedRoles.filter((key) => !user.roles.includes(key));
  const none = user.roles.length + somewhere.length === 0;
  return el('span', { 'data-testid': 'user-roles' }, none ? '–' : named(user.roles, roleName), somewhere.length > 0
    ? say(el('span', { class: 'small below' }), 'users.somewhere', { roles: () => named(somewhere, roleName) }) : null);
}

function statusOf({ status, signIn, validity }) {
  const term = validity.type === 'fixedTerm' && status !== 'inactive';
  return el('span', {},
    say(el('span', { class: `badge ${status}`, 'data-testid': 'user-status' }), `status.${status}`),
    term ? say(el('span', { class: 'small below', 'data-testid': 'user-term' }), 'validity.term', { from: () => day(validity.from), to: () => day(validity.to) }) : null,
    signIn ? null : say(el('span', { class: 'small below', 'data-testid': 'user-no-sign-in' }), 'users.noSignIn'));
}

function when({ lastSignInAt, signIn }) {
  if (lastSignInAt) return el('time', { datetime: lastSignInAt }, written(new Date(lastSignInAt)));
  return signIn ? say(el('span', { class: 'faint' }), 'users.never') : el('span', { class: 'faint' }, '–');
}

function actions(user) {
  const self = user.id === me.id;
  if (user.status === 'inactive') {
    return mayEdit ? [
      action('back', 'users.restore', 'user-restore', () => restore(user)),
      user.roles.length + user.assignedRoles.length > 0 && action('minus', 'users.strip', 'user-strip', () => askToStrip(user)),
    ].filter(Boolean) : [];
  }
  return [
    mayEdit && user.activatedAt && user.signIn && user.kind === 'own' && action('key', 'users.sendReset', 'user-reset', () => sendMail(user, 'password-reset', 'users.resetSent')),
    maySend && user.signIn && user.status === 'invited' && action('envelope', 'users.resend', 'user-resend', () => sendMail(user, 'activation', 'users.resent')),
    mayEdit && action('pencil', 'users.edit', 'user-edit', () => edit(user)),
    mayEdit && (!self || profile.policies.selfEdit) && action('places', 'access.title', 'user-access', () => editAccess(user)),
    mayEdit && !self && action('lock', 'validity.action', 'user-validity', () => editValidity(user)),
    mayEdit && !self && action('bin', 'users.remove', 'user-remove', () => askRemoval(user)),
  ].filter(Boolean);
}

function action(shape, key, testid, act) {
  const button = el('button', { type: 'button', class: `icon ${shape}`, 'data-testid': testid }, icon(shape), say(el('span', {}), key));
  name(button, key);
  button.addEventListener('click', () => Promise.resolve(act()).catch(complain));
  return button;
}

const indexOf = (user) => users.findIndex(({ id }) => id === user.id);

const headingOf = (user) => document.querySelector(`tr[data-user="${user.id}"] [data-testid="user-name"]`) ?? byId('heading');

byId('users-more').addEventListener('click', async () => {
  const first = users.length;
  const own = asked;
  try {
    const page = await readPage(users, next);
    if (own !== asked) return;
    take(page);
  } catch (problem) {
    complain(problem);
    return;
  }
  render();
  if (users.length > first) headingOf(users[first]).focus();
});

// Shows a user as they are now, and tells what was done.
function finish(user, key, ...more) {
  const at = indexOf(user);
  if (at >= 0) users.splice(at, 1, user);
  render();
  headingOf(user).focus();
  announce(key, user, ...more);
}

// What is allowed and worth a second look, beside what was done.
const warned = ({ warnings = [] }) => warnings.filter(({ code }) => has(`warning.${code}`)).map(({ code, right }) => (
  say(el('p', { class: 'warning', 'data-testid': 'warning' }), `warning.${code}`, { right: () => right && rightName(right) })));

// The envelope and the key.

async function sendMail(user, kind, done) {
  await create(`${path}/${user.id}/${kind}`);
  announce(done, user);
}

// A spreadsheet of those who are asked for.

byId('export').addEventListener('click', async () => {
  try {
    const { data } = await askSigned('GET', question(`${path}/export`));
    const link = say(el('a', { href: data.url, id: 'exported' }), 'users.exported', { count: data.count });
    announce('users.exportReady', {}, el('p', {}, link));
    link.focus();
  } catch (problem) {
    complain(problem);
  }
});

// Inviting and editing.

let details;

byId('invite').addEventListener('click', () => details.invite().catch(complain));

const edit = (user) => details.edit(user).catch(complain);

async function invited(user) {
  await showNew(user, user.signIn ? 'users.invited' : 'users.added');
}

async function added(user) {
  await showNew(user, user.signIn ? 'partner.added' : 'users.added');
}

async function showNew(user, key) {
  if (JSON.stringify(wanted) !== JSON.stringify(plain)) await ask(plain);
  if (indexOf(user) < 0) {
    const at = users.findIndex((other) => compare(user, other) < 0);
    users.splice(at < 0 ? users.length : at, 0, user);
  }
  finish(user, key, ...warned(user));
}

async function imported(count) {
  await ask(plain);
  byId('heading').focus();
  announce('import.invited', { count });
}

const compare = (a, b) => {
  const order = new Intl.Collator(document.documentElement.lang).compare;
  return order(a.familyName, b.familyName) || order(a.givenName, b.givenName);
};

// What a user may do where.

let access;
let accessOf = null;
let accessVersion = null;

async function editAccess(user) {
  await readAccess(user);
  say(byId('access-heading'), 'access.of', user);
  say(byId('access-note'), 'access.beside', { roles: () => named(user.roles, roleName) || '–' });
  if (!byId('access-dialog').open) byId('access-dialog').showModal();
}

async function readAccess(user) {
  accessOf = user;
  const [{ data, etag }, names] = await Promise.all([askSigned('GET', `${path}/${user.id}/assignments`), placesOf(`${path}/${user.id}`)]);
  accessVersion = etag;
  clear(byId('access-form'));
  access.fill({ assignments: data.items, places: names });
  access.beside(user.roles);
}

function prepareAccess() {
  access = accessEditor({ id: 'access', organization: place.organizationId, seesClients: place.rights.includes('mandates:see') });
  byId('access-place').append(access.node);
  const form = byId('access-form');
  handle(form, {
    check: () => access.faults(),
    refused: (detail) => refused(detail, access.nameOf),
    async send() {
      const { data } = await askSigned('PUT', `${path}/${accessOf.id}/assignments`, { assignments: access.read() }, { 'If-Match': accessVersion });
      const user = (await askSigned('GET', `${path}/${accessOf.id}`)).data;
      byId('access-dialog').close();
      finish(user, 'access.saved', ...warned(data));
    },
    handled(problem) {
      if (problem.code !== 'stale') return false;
      readAccess(accessOf).then(() => problem, (other) => other).then((shown) => showProblem(form, shown));
      return true;
    },
  });
}

// From when and until when.

let term = null;
let termOf = null;
let termVersion = null;

async function editValidity(user) {
  await readValidity(user);
  say(byId('validity-heading'), 'validity.of', user);
  if (!byId('validity-dialog').open) byId('validity-dialog').showModal();
}

async function readValidity({ id }) {
  const { data, etag } = await askSigned('GET', `${path}/${id}`);
  [termOf, termVersion] = [data, etag];
  clear(byId('validity-form'));
  term = validityFields('validity', '', ['indefinite', ...(profile.policies.fixedTerm ? ['fixedTerm'] : []), 'locked'], data.validity);
  byId('validity-place').replaceChildren(term);
}

handle(byId('validity-form'), {
  async send() {
    const { data } = await askSigned('PUT', `${path}/${termOf.id}/validity`, term.read(), { 'If-Match': termVersion });
    byId('validity-dialog').close();
    const locked = [termOf, data].map(({ validity }) => validity.type === 'locked');
    finish(data, locked[1] ? 'validity.nowLocked' : locked[0] ? 'validity.unlocked' : 'validity.saved');
  },
  handled(problem) {
    if (problem.code !== 'stale') return false;
    readValidity(termOf).then(() => problem, (other) => other).then((shown) => showProblem(byId('validity-form'), shown));
    return true;
  },
});

// The bin, and what takes everything from somebody who was removed.

const removal = byId('remove-dialog');
let confirmed = async () => {}; // what is done once it is

function confirm(user, { heading, question: text, note: more, button, act }) {
  clear(byId('remove-form'));
  say(byId('remove-heading'), heading, user);
  say(byId('remove-question'), text, { ...user, organization });
  say(byId('remove-note'), more);
  say(byId('remove-confirm'), button);
  confirmed = act;
  removal.showModal();
}

function askRemoval(user) {
  const kept = user.kind === 'own' && profile.policies.removalOwn === 'deactivate';
  const more = user.kind === 'partner' ? 'users.removePartner' : kept ? 'users.removeKept' : 'users.removeGone';
  confirm(user, {
    heading: 'users.removeOf', question: 'users.removeQuestion', note: more, button: 'users.remove',
    async act() {
      await askSigned('DELETE', `${path}/${user.id}`);
      users.splice(indexOf(user), 1);
      removal.close();
      render();
      byId('heading').focus();
      announce('users.removed', user);
    },
  });
}

function askToStrip(user) {
  confirm(user, {
    heading: 'users.stripOf', question: 'users.stripQuestion', note: 'users.stripNote', button: 'users.strip',
    async act() {
      await askSigned('DELETE', `${path}/${user.id}/assignments`);
      removal.close();
      finish({ ...user, roles: [], assignedRoles: [] }, 'users.stripped');
    },
  });
}

handle(byId('remove-form'), { send: () => confirmed() });

async function restore(user) {
  const { data } = await create(`${path}/${user.id}/restore`);
  users.splice(indexOf(user), 1);
  render();
  byId('heading').focus();
  announce(data.signIn ? 'users.restored' : 'users.restoredNoSignIn', data, ...lost(data.dropped));
}

// What did not come back with somebody.
function lost({ roles, assignments }) {
  if (roles.length + assignments.length === 0) return [];
  const whole = roles.map((key) => [[key], [], [everywhere]]);
  const rest = assignments.map((a) => [a.roles ?? [], a.rights ?? [], [...new Set(a.scopes.map(({ type }) => type))]]);
  const line = ([some, rights, types]) => el('li', {}, say(el('span'), 'users.what', {
    what: () => [...some.map(roleName), ...rights.map(rightName)].join(', '), where: () => named(types, typeName),
  }));
  return [el('div', { 'data-testid': 'dropped' }, say(el('p', { class: 'warning' }), 'users.dropped'), el('ul', {}, ...[...whole, ...rest].map(line)))];
}

for (const button of document.querySelectorAll('dialog .close')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

// All of the above is ready when the page opens.

headPlaces(places, place, 'users.titleOf');
await attempt(async () => {
  await readProfile();
  take(await readPage([], null));
});
details = userForm({ me, place, invited, added, saved: (user) => finish(user, 'users.saved', ...warned(user)) });
const findPartner = partnerSearch({
  path: `/v1/organizations/${place.organizationId}`,
  found: (partner) => details.add(partner).catch(complain),
  none: (email) => details.invitePartner(email).catch(complain),
});
byId('partner').addEventListener('click', findPartner);
byId('id-search').addEventListener('click', nationalIdSearch({ path, opens, open: edit }));
const importer = importForm({ path: `${path}/import`, imported });
byId('import').addEventListener('click', importer.open);
prepareAccess();
onLanguage(() => {
  showWanted();
  render();
});
showWanted();
render();
byId('invite').hidden = !mayEdit;
byId('partner').hidden = !mayEdit || !profile.policies.partners;
byId('import').hidden = !mayEdit;
byId('id-search').hidden = profile.policies.nationalId === 'none' || !place.rights.includes('national-ids:see');
byId('export').hidden = !place.rights.includes('users:export');
show('list');

// Who comes back to the tab sees what others have changed meanwhile.
const absence = 10_000; // milliseconds; a shorter one does not count
let hiddenAt = 0;
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (signedIn() && Date.now() - hiddenAt > absence) refresh();
});
