// The dialog in which users are invited and their details are changed.

import { accessEditor } from './access.js';
import { askSigned, create } from './api.js';
import { companyFields } from './company.js';
import { byId, el } from './dom.js';
import { clear, handle, showFaults, showProblem } from './form.js';
import { offerCountries, revealer } from './national-id.js';
import { everywhere, firstRoles, gives, profile, refused, roleOf, rolesFor, signIn, typeName, typeOf } from './profile.js';
import { among, languages, say } from './texts.js';
import { validityFields } from './validity.js';

const most = 5; // pages of subscriptions to choose from

// The field that a problem without fields of its own is about.
const fieldOfCode = {
  'choice-required': 'assignments',
  'company-unknown': 'homeOrganization/businessId',
  'national-id-exists': 'nationalId/code',
  'registry-missing': 'homeOrganization/businessId',
  'subscription-missing': 'subscription',
  'user-exists': 'email',
  'user-inactive': 'email',
};

// Prepares the dialog for the users of a place. invited, added and saved are called
// with the user, once the dialog has closed: after an invitation, after a partner
// with an account has got access, and after a change.
export function userForm({ me, place, invited, added, saved }) {
  const organization = `/v1/organizations/${place.organizationId}`;
  const path = `${organization}/users`;
  const runs = place.rights.includes('operator:organizations'); // the portal: its own people need less
  const dialog = byId('user-dialog');
  const form = byId('user-form');
  const access = accessEditor({ id: 'user-access', organization: place.organizationId, seesClients: place.rights.includes('mandates:see'), changed: giveWay });
  byId('user-access-place').append(access.node);
  let edited = null; // null for a new user
  let partner = null; // who comes from elsewhere: as partner-find gives them, or an address; null for one's own
  let company = null; // fields of a partner's who is invited
  let version = null;
  let validity = null; // fields of a new user's

  const reveal = revealer({ me, path });

  const invite = () => begin(null);

  // Somebody of another company, who has an account and was found.
  const add = (found) => begin(found);

  // The same for whom nobody knows yet.
  async function invitePartner(email) {
    const known = (await askSigned('GET', `${organization}/partner-organizations`)).data.items;
    company = companyFields('user-company', known, profile.country);
    await begin({ email });
  }

  async function begin(other) {
    [edited, partner] = [null, other];
    const roles = other ? firstRoles().filter((key) => roleOf(key).defaultFor.includes('administrator')) : firstRoles();
    fill({ givenName: '', familyName: '', email: '', phone: '', language: me.language, defaultTask: '', ...other, roles });
    access.fill({ needs: profile.policies.creationRequires });
    access.beside(chosenRoles());
    say(byId('user-heading'), partner ? 'partner.title' : 'users.invite');
    giveWay();
    dialog.showModal();
    dialog.scrollTop = 0;
    await offerSubscriptions();
  }

  async function edit(user) {
    partner = null;
    await read(user.id);
    say(byId('user-heading'), 'users.fullName', edited);
    say(byId('user-note'), edited.kind === 'partner' ? 'users.partnerNote' : theirs() ? 'users.theirsNote' : 'users.emailNote');
    say(byId('user-save'), 'dialog.save');
    if (!dialog.open) dialog.showModal();
    await offerSubscriptions();
  }

  async function read(id) {
    const answer = await askSigned('GET', `${path}/${id}`);
    [edited, version] = [answer.data, answer.etag];
    fill(edited);
  }

  function fill(user) {
    clear(form);
    const { givenName, familyName, email, phone, language, defaultTask, subscription } = form.elements;
    const idCode = byId('user-idCode');
    language.replaceChildren(...profile.languages.map((code) => el('option', { value: code, lang: code }, languages[code])));
    givenName.value = user.givenName;
    familyName.value = user.familyName;
    email.value = user.email;
    email.disabled = edited !== null || hasAccount();
    phone.value = user.phone ?? '';
    language.value = user.language;
    defaultTask.value = user.defaultTask ?? '';
    subscription.value = user.subscription ?? '';
    idCode.value = '';
    offerCountries(byId('user-idCountry'));
    const others = user.kind === 'partner' || hasAccount(); // keep the details
    for (const input of [givenName, familyName, phone, language]) input.disabled = others || theirs();
    byId('user-contact').hidden = hasAccount();
    byId('user-company-place').replaceChildren(...(partner && !hasAccount() ? [company.node] : []));
    const asked = (id, used) => {
      byId(id).hidden = !used;
      for (const input of byId(id).querySelectorAll('input, select')) input.disabled = !used;
    };
    asked('user-task', profile.resourceTypes.some(({ jobTitles }) => jobTitles) && !theirs());
    asked('user-under', profile.policies.subscription && !runs);
    asked('user-nationalId', profile.policies.nationalId !== 'none' && !runs && !others && !partner && !theirs());
    showNationalId(user);
    subscription.required = edited === null;
    idCode.required = profile.policies.nationalId === 'required' && edited === null;
    say(byId('user-nationalId-hint'), user.nationalId ? 'users.nationalIdKept' : 'users.nationalIdHint');
    const fixed = profile.policies.fixedTerm && edited === null;
    validity = fixed ? validityFields('user-valid', 'validity/', ['indefinite', 'fixedTerm']) : null;
    byId('user-validity').replaceChildren(...(fixed ? [validity] : []));
    byId('user-access-place').hidden = edited !== null;
    showRoles(user.roles);
  }

  // Whether a national id is kept; it is shown whole for as long as the dialog is open.
  function showNationalId(user) {
    const kept = byId('user-nationalId-kept');
    kept.hidden = !user.nationalId;
    byId('user-nationalId-shown').textContent = user.nationalId ? `${user.nationalId.country} ${user.nationalId.masked}` : '';
    byId('user-reveal').hidden = !place.rights.includes('national-ids:see');
  }

  byId('user-reveal').addEventListener('click', () => reveal(edited, ({ country, code }) => {
    byId('user-nationalId-shown').textContent = `${country} ${code}`;
    byId('user-reveal').hidden = true;
    byId('user-nationalId-shown').focus();
  }));
  dialog.addEventListener('close', () => { byId('user-nationalId-shown').textContent = ''; });

  // The roles.

  let untouched = []; // boxes that nobody has ticked or cleared, of a new user

  function showRoles(held) {
    const offered = rolesFor(everywhere);
    const strange = held.map(roleOf).filter((role) => role && !offered.includes(role));
    byId('user-role-choices').replaceChildren(...[...offered, ...strange].map((role) => choice(role, held.includes(role.key))));
    untouched = edited ? [] : held;
  }

  // A role can be chosen up to the own level; what is above stays as it is.
  function choice(role, checked) {
    const id = `role-${role.key}`;
    const locked = role.level > ownLevel() || (edited?.id === me.id && !profile.policies.selfEdit);
    const input = el('input', { type: 'checkbox', name: 'roles', value: role.key, id, checked, disabled: locked, 'aria-describedby': `${id}-info` });
    input.addEventListener('change', () => {
      untouched = untouched.filter((key) => key !== role.key);
      giveWay();
      access.beside(chosenRoles());
    });
    const narrow = edited === null && !locked && gives(role) ? role.scopes.filter(typeOf) : [];
    return el('div', { class: 'choice' }, input,
      el('label', { for: id }, among(role.name), ...(role.signIn ? [] : [' ', say(el('span', { class: 'tag' }), 'users.noSignIn')])),
      el('p', { class: 'hint', id: `${id}-info` }, role.info ? among(role.info) : ''),
      ...narrow.map((type) => narrowed(role, type, input)));
  }

  // Gives a role in some places in the stead of the whole organization.
  function narrowed(role, type, input) {
    const button = say(el('button', { type: 'button', class: 'link narrow', 'data-testid': 'role-narrow', 'data-role': role.key }), 'access.narrow', { type: () => typeName(type) });
    button.addEventListener('click', () => {
      untouched = untouched.filter((key) => key !== role.key);
      input.checked = false;
      access.begin(role.key, type);
      access.beside(chosenRoles());
    });
    return button;
  }

  // Roles that are ticked of themselves give way to one that somebody chooses:
  // the lowest one to any, and what the profile gives to everybody to one
  // without sign-in, which would be of no use beside it.
  function giveWay() {
    if (edited) return;
    const chosen = [...chosenRoles().filter((key) => !untouched.includes(key)), ...access.roles()];
    for (const key of untouched) {
      const stays = roleOf(key).defaultFor.includes('administrator') && signIn(chosen);
      byId(`role-${key}`).checked = stays || chosen.length === 0;
    }
    const account = signIn([...chosenRoles(), ...access.roles()]);
    if (hasAccount()) say(byId('user-note'), partner.confirmed ? 'partner.note' : 'partner.unconfirmedNote', partner);
    else say(byId('user-note'), !account ? 'users.noSignInNote' : partner ? 'partner.newNote' : 'users.inviteNote');
    say(byId('user-save'), account && !hasAccount() ? 'users.sendInvitation' : 'users.add');
  }

  // Whether nobody but the person changes the details.
  const theirs = () => profile.policies.accessOnly && edited !== null && edited.id !== me.id;

  const hasAccount = () => Boolean(partner?.id);

  const chosenRoles = () => [...form.querySelectorAll('[name=roles]:checked')].map(({ value }) => value);

  const ownLevel = () => Math.max(0, ...profile.roles.filter(({ key }) => place.roles.includes(key)).map(({ level }) => level));

  // The subscriptions that nobody uses.
  async function offerSubscriptions() {
    const field = byId('user-subscription');
    if (field.disabled) return;
    const free = [];
    let cursor = '';
    for (let page = 0; page < most && (page === 0 || cursor); page++) {
      const query = new URLSearchParams({ limit: '200', ...(cursor && { cursor }) });
      const { data } = await askSigned('GET', `${organization}/subscriptions?${query}`);
      free.push(...data.items.filter(({ status, user }) => status === 'active' && !user).map(({ id }) => id));
      cursor = data.next;
    }
    byId('user-subscriptions').replaceChildren(...free.map((id) => el('option', { value: id })));
    say(byId('user-subscription-hint'), free.length > 0 ? 'users.subscriptionsFree' : 'users.subscriptionsNone', { free: free.slice(0, 5).join(', '), count: free.length });
  }

  // What the form says, in the words of the API.
  function entered() {
    const { givenName, familyName, phone, language, defaultTask, subscription } = form.elements;
    return {
      givenName: givenName.value.trim(),
      familyName: familyName.value.trim(),
      phone: phone.value.trim(),
      language: language.value,
      roles: chosenRoles(),
      ...(!defaultTask.disabled && { defaultTask: defaultTask.value.trim() }),
      ...(!subscription.disabled && { subscription: subscription.value.trim() }),
      ...(byId('user-idCode').value.trim() && { nationalId: { country: byId('user-idCountry').value, code: byId('user-idCode').value.trim() } }),
    };
  }

  handle(form, {
    check: () => (edited ? [] : [...(partner && !hasAccount() ? company.faults() : []), ...access.faults()]),
    send: () => (edited ? save() : send()),
    refused: (detail) => refused(detail, access.nameOf),
    handled(problem) {
      const name = fieldOfCode[problem.code];
      if (problem.code === 'stale') reload(problem);
      else if (name && problem.errors.length === 0) showFaults(form, [{ name, code: problem.code }]);
      else return false;
      return true;
    },
  });

  async function send() {
    const given = { ...entered(), email: form.elements.email.value.trim(), assignments: access.read() };
    if (validity) given.validity = validity.read();
    for (const key of ['phone', 'defaultTask', 'subscription']) if (!given[key]) delete given[key];
    if (hasAccount()) {
      await addPartner(given);
      return;
    }
    if (partner) given.homeOrganization = company.read();
    const { data: user } = await create(path, given);
    dialog.close();
    invited(user);
  }

  async function addPartner({ roles, assignments, validity: term, defaultTask, subscription }) {
    const { data: { id } } = await create(`${organization}/partners`, { user: partner.id, roles, assignments, validity: term, defaultTask, subscription });
    const { data: user } = await askSigned('GET', `${path}/${id}`);
    dialog.close();
    added(user);
  }

  async function save() {
    const wanted = Object.entries(entered()).filter(([key, value]) => key === 'nationalId' || !same(value, edited[key] ?? ''));
    let user = edited;
    if (wanted.length > 0) {
      user = (await askSigned('PATCH', `${path}/${edited.id}`, Object.fromEntries(wanted), { 'If-Match': version })).data;
    }
    dialog.close();
    saved(user);
  }

  // Somebody else was faster: the form then shows what is there now.
  async function reload(problem) {
    const shown = await read(edited.id).then(() => problem, (other) => other);
    showProblem(form, shown);
  }

  return { invite, add, invitePartner, edit };
}

// Whether two values are the same; roles come in any order.
const same = (a, b) => String([a].flat().toSorted()) === String([b].flat().toSorted());
