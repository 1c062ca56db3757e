import { askSigned } from './api.js';
import { breakable, byId, el } from './dom.js';
import { handle, passwordFaults, showFaults, showProblem } from './form.js';
import { announce, attempt, complain, show, startSigned } from './page.js';
import { among, choose, languages, onLanguage, say, speak } from './texts.js';

let me = await startSigned();
let version;
let profile;
let sessions = [];

await attempt(async () => {
  profile = (await askSigned('GET', '/v1/profile')).data;
  await readMe();
  await readSessions();
});
say(byId('me-name'), 'users.fullName', me);
byId('me-email').append(...breakable(me.email));
byId('password-for').value = me.email;
byId('language').append(...profile.languages.map((code) => el('option', { value: code, lang: code }, languages[code])));
fillDetails();
onLanguage(render);
render();
show('ready');

function render() {
  byId('me-organizations').replaceChildren(...me.memberships.map(membership));
  byId('sessions').replaceChildren(...sessions.map(session));
}

// Own details.

async function readMe() {
  const answer = await askSigned('GET', '/v1/me');
  [me, version] = [answer.data, answer.etag];
}

function fillDetails() {
  byId('phone').value = me.phone ?? '';
  byId('language').value = me.language;
}

function membership({ organizationName, roles, status }) {
  const names = roles.map((key) => profile.roles.find((role) => role.key === key)).filter(Boolean).map((role) => among(role.name));
  return el('li', {},
    el('span', {}, organizationName), ' ',
    say(el('span', { class: `badge ${status}` }), `status.${status}`),
    el('span', { class: 'small' }, names.join(', ')));
}

const details = byId('details-form');

handle(details, {
  async send() {
    const before = me.language;
    const wanted = { phone: byId('phone').value.trim(), language: byId('language').value };
    await askSigned('PATCH', '/v1/me', wanted, { 'If-Match': version });
    await readMe();
    fillDetails();
    if (me.language !== before) {
      choose(me.language);
      byId('language-menu').value = me.language;
      await speak(me.language);
    }
    announce('account.saved');
  },
  handled(problem) {
    if (problem.code !== 'stale') return false;
    reload(problem);
    return true;
  },
});

// The details were changed elsewhere: the form then shows what is there now.
async function reload(problem) {
  const shown = await readMe().then(() => problem, (other) => other);
  fillDetails();
  showProblem(details, shown);
}

// The password.

const passwords = byId('password-form');

handle(passwords, {
  check: () => passwordFaults(passwords, 'newPassword'),
  async send() {
    const { currentPassword, newPassword } = passwords.elements;
    await askSigned('PUT', '/v1/me/password', { currentPassword: currentPassword.value, newPassword: newPassword.value });
    passwords.reset();
    announce('account.passwordChanged');
    await readSessions().then(render, complain); // the others have ended
  },
  handled(problem) {
    if (problem.code !== 'password-wrong') return false;
    showFaults(passwords, [{ name: 'currentPassword', code: problem.code }]);
    return true;
  },
});

// The address.

const address = byId('email-form');

handle(address, {
  async send() {
    const { email, password } = address.elements;
    const wanted = email.value.trim();
    await askSigned('POST', '/v1/me/email', { email: wanted, password: password.value });
    address.reset();
    announce('account.emailSent', { email: wanted });
  },
  handled(problem) {
    if (problem.code !== 'password-wrong') return false;
    showFaults(address, [{ name: 'password', code: problem.code }]);
    return true;
  },
});

// The sessions.

async function readSessions() {
  sessions = (await askSigned('GET', '/v1/me/sessions')).data.items;
}

function session({ id, current, userAgent, createdAt, seenAt }) {
  const button = current ? null : say(el('button', { type: 'button', 'data-testid': 'session-end' }), 'account.endSession');
  button?.addEventListener('click', () => endSession(id));
  return el('li', { 'data-testid': 'session', 'data-session': id },
    el('div', {},
      el('span', { class: 'strong' }, device(userAgent)), ' ',
      current ? say(el('span', { class: 'tag' }), 'account.thisDevice') : '',
      say(el('span', { class: 'small' }), 'account.sessionTimes', { seen: new Date(seenAt), created: new Date(createdAt) })),
    button);
}

async function endSession(id) {
  try {
    await askSigned('DELETE', `/v1/me/sessions/${id}`);
  } catch (problem) {
    complain(problem);
    return;
  }
  sessions = sessions.filter((other) => other.id !== id);
  render();
  byId('sessions-heading').focus();
  announce('account.sessionEnded');
}

// What a User-Agent says in short; the order matters, for most name others too.
function device(userAgent) {
  const found = (kinds) => kinds.find(([sign]) => userAgent.includes(sign))?.[1];
  const browser = found([['Edg', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']]);
  const system = found([['Android', 'Android'], ['iPhone', 'iOS'], ['iPad', 'iPadOS'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']]);
  return [browser, system].filter(Boolean).join(', ') || userAgent;
}
