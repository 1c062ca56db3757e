import { askSigned, create, signedIn } from './api.js';
import { breakable, byId, el, icon } from './dom.js';
import { clear, handle, showProblem } from './form.js';
import { currentOrganization, holding, keepOrganization } from './organization.js';
import { announce, attempt, complain, show, startSigned } from './page.js';
import { among, languages, name, onLanguage, say, written } from './texts.js';

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

const users = [];
let next = null; // cursor of the users not read yet
let profile;

function showPlaces() {
  const menu = byId('organization');
  menu.hidden = places.length < 2;
  if (menu.hidden) say(byId('heading'), 'users.titleOf', { organization });
  for (const { organizationId, organizationName } of places) menu.append(el('option', { value: organizationId }, organizationName));
  menu.value = place.organizationId;
  menu.addEventListener('change', () => {
    keepOrganization(menu.value);
    location.reload();
  });
}

// The list.

async function readUsers() {
  next = await readPage(users, next);
}

// Adds the users behind a cursor to a list, and returns the next cursor.
async function readPage(list, cursor) {
  const { data } = await askSigned('GET', cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
  const here = new Set(list.map(({ id }) => id)); // invited on this page, and read again now
  list.push(...data.items.filter(({ id }) => !here.has(id)));
  return data.next || null;
}

// Reads the list again as far as it was read, unless the reader is busy with it.
async function refresh() {
  const before = JSON.stringify(users);
  const fresh = [];
  let cursor = null;
  try {
    do cursor = await readPage(fresh, cursor); while (cursor && fresh.length < users.length);
  } catch (problem) {
    if ([403, 404].includes(problem.status)) location.reload(); // which explains it
    return;
  }
  if (JSON.stringify(users) !== before || document.querySelector('dialog[open]')) return;
  users.splice(0, users.length, ...fresh);
  next = cursor;
  render();
}

function render() {
  const held = document.activeElement.closest('#users-rows button');
  const holder = held?.closest('tr').dataset.user;
  byId('users-rows').replaceChildren(...users.map(row));
  if (held) document.querySelector(`tr[data-user="${holder}"] [data-testid="${held.dataset.testid}"]`)?.focus({ preventScroll: true });
  say(byId('users-count'), next ? 'users.countSoFar' : 'users.count', { count: users.length });
  byId('users-more').hidden = next === null;
}

function row(user) {
  const heading = say(mayEdit ? el('button', { type: 'button', class: 'link' }) : el('span', { tabindex: '-1' }), 'users.listName', user);
  heading.dataset.testid = 'user-name';
  const tr = el('tr', { 'data-testid': 'user-row', 'data-user': user.id, 'data-email': user.email, 'data-status': user.status },
    el('th', { scope: 'row' }, heading, ' ', note(user)),
    cell('field.email', el('span', {}, ...breakable(user.email))),
    cell('users.roles', el('span', {}, user.roles.map(roleName).join(', '))),
    cell('users.status', badge(user.status)),
    cell('users.lastSignIn', when(user.lastSignInAt)),
    el('td', { class: 'actions' }, ...actions(user)));
  if (!mayEdit) return tr;
  tr.addEventListener('click', ({ target }) => {
    if (heading.contains(target) || (!target.closest('button') && getSelection().isCollapsed)) edit(user);
  });
  return tr;
}

// Narrow screens show the column's name beside each value.
function cell(column, content) {
  return el('td', {}, say(el('span', { class: 'column', 'aria-hidden': 'true' }), column), content);
}

function note(user) {
  if (user.id === me.id) return say(el('span', { class: 'tag' }), 'users.you');
  return user.kind === 'partner' ? say(el('span', { class: 'tag' }), 'users.partner') : null;
}

function badge(status) {
  return say(el('span', { class: `badge ${status}`, 'data-testid': 'user-status' }), `status.${status}`);
}

function when(time) {
  return time
    ? el('time', { datetime: time }, written(new Date(time)))
    : say(el('span', { class: 'faint' }), 'users.never');
}

function actions(user) {
  return [
    mayEdit && user.activatedAt && action('key', 'users.sendReset', 'user-reset', () => sendMail(user, 'password-reset', 'users.resetSent')),
    maySend && !user.activatedAt && action('envelope', 'users.resend', 'user-resend', () => sendMail(user, 'activation', 'users.resent')),
    mayEdit && action('pencil', 'users.edit', 'user-edit', () => edit(user)),
    mayEdit && user.id !== me.id && action('bin', 'users.remove', 'user-remove', () => askRemoval(user)),
  ].filter(Boolean);
}

function action(shape, key, testid, act) {
  const button = el('button', { type: 'button', class: `icon ${shape}`, 'data-testid': testid }, icon(shape), say(el('span', {}), key));
  name(button, key);
  button.addEventListener('click', act);
  return button;
}

const roleName = (key) => {
  const role = profile.roles.find((r) => r.key === key);
  return role ? among(role.name) : key;
};

const indexOf = (user) => users.findIndex(({ id }) => id === user.id);

const headingOf = (user) => document.querySelector(`tr[data-user="${user.id}"] [data-testid="user-name"]`);

byId('users-more').addEventListener('click', async () => {
  const first = users.length;
  try {
    await readUsers();
  } catch (problem) {
    complain(problem);
    return;
  }
  render();
  if (users.length > first) headingOf(users[first]).focus();
});

// The envelope and the key.

async function sendMail(user, kind, done) {
  try {
    await create(`${path}/${user.id}/${kind}`);
    announce(done, user);
  } catch (problem) {
    complain(problem);
  }
}

// Inviting and editing share a dialog; edited is null for a new user.

const dialog = byId('user-dialog');
const form = byId('user-form');
let edited = null;
let version = null;

byId('invite').addEventListener('click', () => {
  edited = null;
  fill({ givenName: '', familyName: '', email: '', phone: '', language: me.language, roles: [lowestRole()] });
  say(byId('user-heading'), 'users.invite');
  say(byId('user-note'), 'users.inviteNote');
  say(byId('user-save'), 'users.sendInvitation');
  dialog.showModal();
});

async function edit(user) {
  try {
    await readEdited(user.id);
  } catch (problem) {
    complain(problem);
    return;
  }
  say(byId('user-heading'), 'users.fullName', edited);
  say(byId('user-note'), edited.kind === 'partner' ? 'users.partnerNote' : 'users.emailNote');
  say(byId('user-save'), 'dialog.save');
  if (!dialog.open) dialog.showModal();
}

async function readEdited(id) {
  const answer = await askSigned('GET', `${path}/${id}`);
  [edited, version] = [answer.data, answer.etag];
  fill(edited);
}

function fill(user) {
  clear(form);
  const { givenName, familyName, email, phone, language } = form.elements;
  language.replaceChildren(...profile.languages.map((code) => el('option', { value: code, lang: code }, languages[code])));
  givenName.value = user.givenName;
  familyName.value = user.familyName;
  email.value = user.email;
  email.disabled = edited !== null;
  phone.value = user.phone ?? '';
  language.value = user.language;
  for (const input of [givenName, familyName, phone, language]) input.disabled = user.kind === 'partner';
  byId('user-role-choices').replaceChildren(...profile.roles.map((role) => choice(role, user.roles.includes(role.key))));
}

// A role can be chosen up to the own level; what is above stays as it is.
function choice(role, checked) {
  const id = `role-${role.key}`;
  const input = el('input', { type: 'checkbox', name: 'roles', value: role.key, id, checked, disabled: role.level > ownLevel(), 'aria-describedby': `${id}-info` });
  return el('div', { class: 'choice' }, input,
    el('label', { for: id }, among(role.name)),
    el('p', { class: 'hint', id: `${id}-info` }, role.info ? among(role.info) : ''));
}

const ownLevel = () => Math.max(0, ...profile.roles.filter(({ key }) => place.roles.includes(key)).map(({ level }) => level));

const lowestRole = () => profile.roles.toSorted((a, b) => a.level - b.level)[0]?.key;

// What the form says, in the words of the API.
function entered() {
  const { givenName, familyName, phone, language } = form.elements;
  return {
    givenName: givenName.value.trim(),
    familyName: familyName.value.trim(),
    phone: phone.value.trim(),
    language: language.value,
    roles: [...form.querySelectorAll('[name=roles]:checked')].map(({ value }) => value),
  };
}

handle(form, {
  send: () => (edited ? save() : invite()),
  handled(problem) {
    if (problem.code !== 'stale') return false;
    reload(problem);
    return true;
  },
});

async function invite() {
  const { phone, ...rest } = entered();
  const email = form.elements.email.value.trim();
  const { data: user } = await create(path, { ...rest, email, ...(phone && { phone }) });
  const at = users.findIndex((other) => compare(user, other) < 0);
  users.splice(at < 0 ? users.length : at, 0, user);
  finish(user, 'users.invited');
}

async function save() {
  const wanted = Object.entries(entered()).filter(([key, value]) => !same(value, edited[key] ?? ''));
  let user = edited;
  if (wanted.length > 0) {
    user = (await askSigned('PATCH', `${path}/${edited.id}`, Object.fromEntries(wanted), { 'If-Match': version })).data;
  }
  users.splice(indexOf(user), 1, user);
  finish(user, 'users.saved');
}

// Whether two values are the same; roles come in any order.
const same = (a, b) => String([a].flat().toSorted()) === String([b].flat().toSorted());

function finish(user, key) {
  dialog.close();
  render();
  headingOf(user).focus();
  announce(key, user);
}

// Somebody else was faster: the form then shows what is there now.
async function reload(problem) {
  const shown = await readEdited(edited.id).then(() => problem, (other) => other);
  showProblem(form, shown);
}

const compare = (a, b) => {
  const order = new Intl.Collator(document.documentElement.lang).compare;
  return order(a.familyName, b.familyName) || order(a.givenName, b.givenName);
};

// The bin.

const removal = byId('remove-dialog');
let removed = null;

function askRemoval(user) {
  removed = user;
  clear(byId('remove-form'));
  say(byId('remove-heading'), 'users.removeOf', user);
  say(byId('remove-question'), 'users.removeQuestion', { ...user, organization });
  removal.showModal();
}

handle(byId('remove-form'), {
  async send() {
    await askSigned('DELETE', `${path}/${removed.id}`);
    users.splice(indexOf(removed), 1);
    removal.close();
    render();
    byId('heading').focus();
    announce('users.removed', removed);
  },
});

for (const button of document.querySelectorAll('dialog .close')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

// All of the above is ready when the page opens.

showPlaces();
await attempt(async () => {
  profile = (await askSigned('GET', '/v1/profile')).data;
  await readUsers();
});
onLanguage(render);
render();
byId('invite').hidden = !mayEdit;
show('list');

// Who comes back to the tab sees what others have changed meanwhile.
const absence = 10_000; // milliseconds; a shorter one does not count
let hiddenAt = 0;
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (signedIn() && Date.now() - hiddenAt > absence) refresh();
});
