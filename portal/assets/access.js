// What somebody may do where, as a list of "in these places: these roles and
// rights". It is the API's assignments, to be looked at and changed.

import { askSigned } from './api.js';
import { el } from './dom.js';
import { picker } from './picker.js';
import {
  client, clients, everywhere, gives, holds, named, ownRightsFor, profile, reach, rightName, rightsFor, roleName, roleOf, rolesFor, tellingRolesFor,
  typeName, typeOf,
} from './profile.js';
import { among, say, t } from './texts.js';

const most = 5; // pages of what a place lies in

// Whether a row of the type is about single places.
const singled = (type) => type === client || typeOf(type) !== undefined;

// Makes the fieldset for an organization; seesClients says whether its clients
// may be listed. changed is called after each choice of a role or right.
export function accessEditor({ id, organization, seesClients, changed = () => {} }) {
  const path = `/v1/organizations/${organization}`;
  const hint = el('p', { class: 'hint', id: `${id}-hint` });
  const list = el('div', { class: 'access-rows' });
  const add = say(el('button', { type: 'button', class: 'small-button', 'data-testid': 'access-add' }), 'access.add');
  const node = el('fieldset', { class: 'field access', id, name: 'assignments', 'aria-describedby': hint.id },
    say(el('legend'), 'access.title'), hint, list, add);

  let rows = [];
  let made = 0; // rows, ever
  let needed = []; // what a new user must have
  let roles = []; // that the user has beside these
  const known = new Map(); // id of a place -> its name

  const offeredTypes = () => [
    ...profile.resourceTypes.map(({ key }) => key).filter((type) => tellingRolesFor(type).length + rightsFor(type).length > 0),
    everywhere,
    ...(profile.mandates.length > 0 ? [clients, ...(seesClients ? [client] : [])] : []),
  ];

  // A new row begins where a user must have something, or else where there is most to give.
  function firstType() {
    const types = profile.resourceTypes.map(({ key }) => key);
    const weight = (type) => profile.rights.filter(({ on }) => on === type).length + tellingRolesFor(type).length;
    return types.find((type) => needed.includes(type)) ?? types.toSorted((a, b) => weight(b) - weight(a))[0] ?? everywhere;
  }

  function open(row, focus) {
    rows.push(row);
    list.append(row.node);
    changed();
    if (focus) row.node.querySelector('select').focus();
    return row;
  }

  function drop(row) {
    const next = rows[rows.indexOf(row) + 1] ?? rows.at(-2);
    rows = rows.filter((other) => other !== row);
    row.node.remove();
    changed();
    (next?.node.querySelector('summary') ?? add).focus();
  }

  function makeRow({ id: assignment, type = firstType(), places = [], roles: given = [], rights = [] }) {
    const own = `${id}-${++made}`;
    const row = { assignment, type, places: new Map(places.map((place) => [place, known.get(place) ?? t('access.gone')])), roles: new Set(given), rights: new Set(rights) };
    const where = el('span', { class: 'strong' });
    const what = el('span', { class: 'small' });
    const body = el('fieldset', { id: own, class: 'row-body' });
    row.node = el('details', { class: 'access-row', open: places.length + given.length + rights.length === 0, 'data-testid': 'access-row' },
      el('summary', {}, where, what), body);
    row.body = body;

    function summarize() {
      where.textContent = row.places.size > 0 ? `${typeName(row.type)}: ${[...row.places.values()].join(', ')}` : typeName(row.type);
      const all = [...[...row.roles].map(roleName), ...[...row.rights].map(rightName)];
      what.textContent = all.join(', ') || t('access.nothingYet');
    }

    function react() {
      grants.hidden = singled(row.type) && row.places.size === 0;
      summarize();
    }

    const grants = el('div', { class: 'grants' });
    const kind = el('select', { id: `${own}-type`, 'data-testid': 'access-type' });
    const types = offeredTypes();
    kind.append(...(types.includes(type) ? types : [type, ...types]).map((key) => el('option', { value: key }, typeName(key))));
    kind.value = type;
    kind.addEventListener('change', () => {
      row.type = kind.value;
      row.places.clear();
      row.roles = new Set([...row.roles].filter((key) => rolesFor(row.type).includes(roleOf(key))));
      row.rights = new Set([...row.rights].filter((key) => [...ownRightsFor(row.type), ...rightsFor(row.type).map((right) => right.key)].includes(key)));
      render();
    });
    const bin = say(el('button', { type: 'button', class: 'small-button', 'data-testid': 'access-drop' }), 'access.drop');
    bin.addEventListener('click', () => drop(row));

    function render() {
      body.replaceChildren(say(el('legend', { class: 'unseen' }), 'access.row'),
        el('div', { class: 'field' }, say(el('label', { for: kind.id }), 'access.where'), kind),
        ...(singled(row.type) ? choosePlaces(own, row, react) : []),
        grants, bin);
      grants.replaceChildren(...grantsOf(own, row, () => {
        summarize();
        changed();
      }));
      react();
      changed();
    }
    render();
    return row;
  }

  // The fields that choose places: what they lie in first, where there are several of those.
  function choosePlaces(own, row, react) {
    const parent = typeOf(typeOf(row.type)?.parent);
    const within = el('select', { id: `${own}-within`, 'data-testid': 'access-within' });
    const places = picker({
      id: `${own}-places`, legend: typeName(row.type), chosen: row.places, changed: react,
      search: (text, cursor) => (row.type === client ? searchClients(text, cursor) : search(row.type, { q: text, parent: within.value, cursor })),
    });
    if (!parent) return [places];
    const field = el('div', { class: 'field', hidden: true }, el('label', { for: within.id }, typeName(parent.key)), within);
    within.append(say(el('option', { value: '' }), 'access.any'));
    within.addEventListener('change', () => places.reload());
    field.setAttribute('aria-busy', 'true');
    readParents(parent.key).then((items) => {
      within.append(...items.map((item) => el('option', { value: item.id }, [item.name, item.note].filter(Boolean).join(' · '))));
      field.hidden = items.length < 2;
      places.reload(); // with the names of what they lie in
    }, () => {}).finally(() => field.removeAttribute('aria-busy')); // without them one searches among all
    return [field, places];
  }

  async function search(type, asked) {
    const query = new URLSearchParams({ type, limit: '30' });
    for (const [key, value] of Object.entries(asked)) if (value) query.set(key, value);
    const { data } = await askSigned('GET', `${path}/resources?${query}`);
    for (const item of data.items) known.set(item.id, item.name);
    return {
      next: data.next,
      items: data.items.map(({ id: place, name, reference, parent }) => ({ id: place, name, note: [reference, known.get(parent)].filter(Boolean).join(' · ') })),
    };
  }

  async function readParents(type) {
    const items = [];
    let cursor = '';
    for (let page = 0; page < most && (page === 0 || cursor); page++) {
      const answer = await search(type, { cursor });
      items.push(...answer.items);
      cursor = answer.next;
    }
    return items;
  }

  // The API lists clients by name and does not search them.
  async function searchClients(text, cursor) {
    const query = new URLSearchParams({ limit: '200', ...(cursor && { cursor }) });
    const { data } = await askSigned('GET', `${path}/clients?${query}`);
    const items = data.items.map(({ organization: { id: place, name, businessId } }) => ({ id: place, name, note: businessId }));
    for (const item of items) known.set(item.id, item.name);
    return { next: data.next, items: items.filter(({ name, note }) => `${name} ${note}`.toLowerCase().includes(text.toLowerCase())) };
  }

  // Rows with something in them, each named by its place in what is sent.
  function filled() {
    const some = rows.filter(({ places, roles: given, rights }) => places.size + given.size + rights.size > 0);
    for (const row of rows) row.body.name = '';
    some.forEach((row, i) => { row.body.name = `assignments/${i}`; });
    return some;
  }

  const chosen = (what) => filled().some((row) => (what === 'modules'
    ? [...row.rights].some((key) => modules().includes(key)) || [...row.roles].some((key) => holds(key, modules()))
    : row.type === what || row.type === everywhere));
  const modules = () => profile.rights.filter(({ module }) => module).map(({ key }) => key);
  const missing = () => (reach(roles) === 'all' ? [] : needed.filter((what) => !chosen(what)));
  const choiceName = (what) => (what === 'modules' ? t('access.modules') : typeName(what));

  function advise() {
    const extent = reach(roles);
    if (extent === 'all') say(hint, 'access.holdsAll');
    else if (needed.length > 0) say(hint, 'access.needs', { what: () => named(needed, choiceName) });
    else say(hint, extent === 'some' ? 'access.holdsSome' : 'access.hint');
  }

  add.addEventListener('click', () => open(makeRow({}), true));

  return {
    node,

    // Shows assignments; places are their names by id, needs what must be chosen.
    fill({ assignments = [], places = [], needs = [] }) {
      for (const [place, text] of places) known.set(place, text);
      [rows, needed] = [[], needs];
      list.replaceChildren();
      for (const assignment of assignments) for (const part of parts(assignment)) open(makeRow(part));
    },

    // Takes note of the roles that hold for the whole organization. Who may do
    // nothing by them begins with an empty row.
    beside(keys) {
      roles = keys;
      advise();
      const empty = rows.length === 0;
      const wanted = reach(roles) !== 'all' && (needed.length > 0 || !keys.map(roleOf).filter(Boolean).some(gives));
      if (empty && wanted) open(makeRow({}));
      if (!wanted) {
        for (const row of rows.filter(({ places, roles: given, rights }) => places.size + given.size + rights.size === 0)) row.node.remove();
        rows = filled();
      }
    },

    // Opens a row with a role in it.
    begin(role, type) {
      const unused = rows.find(({ places, roles: given, rights }) => places.size + given.size + rights.size === 0);
      if (unused) {
        unused.node.remove();
        rows = rows.filter((row) => row !== unused);
      }
      const row = open(makeRow({ type, roles: [role] }));
      row.node.open = true;
      row.node.scrollIntoView({ block: 'nearest' });
      row.node.querySelector('select').focus();
    },

    faults() {
      const faults = filled().flatMap(({ body, type, places, roles: given, rights }) => {
        if (singled(type) && places.size === 0) return [{ name: body.name, code: 'choose-place' }];
        return given.size + rights.size === 0 ? [{ name: body.name, code: 'choose-right' }] : [];
      });
      const rest = faults.length > 0 ? [] : missing();
      if (rest.length > 0) faults.push({ name: 'assignments', code: 'choose-more', filling: { what: () => named(rest, choiceName) } });
      return faults;
    },

    // The assignments as the API takes them.
    read() {
      return filled().map(({ assignment, type, places, roles: given, rights }) => ({
        ...(assignment && { id: assignment }),
        ...(given.size > 0 && { roles: [...given] }),
        ...(rights.size > 0 && { rights: [...rights] }),
        scopes: singled(type) ? [...places.keys()].map((place) => ({ type, id: place })) : [{ type }],
      }));
    },

    // The roles in all rows.
    roles: () => rows.flatMap((row) => [...row.roles]),

    nameOf: (place) => known.get(place),
  };
}

// An assignment, in a part for each type of its places.
function parts({ id, roles = [], rights = [], scopes }) {
  return [...Map.groupBy(scopes, ({ type }) => type)].map(([type, some], i) => ({
    ...(i === 0 && { id }), type, roles, rights, places: some.map((scope) => scope.id).filter(Boolean),
  }));
}

// The boxes of what can be given in a row's places, each with what it means beside it.
function grantsOf(own, row, changed) {
  const box = (set, kind, key, text, info, tags = []) => {
    const id = `${own}-${kind}-${key}`;
    const input = el('input', { type: 'checkbox', id, value: key, checked: set.has(key), ...(info && { 'aria-describedby': `${id}-info` }) });
    input.addEventListener('change', () => {
      if (input.checked) set.add(key);
      else set.delete(key);
      changed();
    });
    return el('div', { class: 'choice', 'data-testid': `access-${kind}` }, input,
      el('label', { for: id }, text, ...tags.flatMap((tag) => [' ', say(el('span', { class: 'tag' }), tag)])),
      info ? el('p', { class: 'hint', id: `${id}-info` }, info) : null);
  };
  const group = (legend, boxes) => el('fieldset', { class: 'field' }, say(el('legend'), legend), ...boxes);
  const fold = (legend, boxes) => el('details', { class: 'fold', open: boxes.some((one) => one.firstChild.checked) },
    say(el('summary'), legend), el('fieldset', {}, say(el('legend', { class: 'unseen' }), legend), ...boxes));

  const roles = row.type === everywhere ? [] : tellingRolesFor(row.type);
  const kept = [...row.roles].map(roleOf).filter((role) => role && !roles.includes(role));
  const roleBoxes = [...roles, ...kept].map((role) => box(row.roles, 'role', role.key, among(role.name), role.info && among(role.info)));

  const rights = rightsFor(row.type);
  const ownRights = ownRightsFor(row.type);
  const strange = [...row.rights].filter((key) => !ownRights.includes(key) && !rights.some((right) => right.key === key));
  const rightBoxes = [
    ...rights.map((right) => box(row.rights, 'right', right.key, among(right.name), right.info && among(right.info),
      [right.recommended && 'access.recommended', right.sensitive && 'access.sensitive'].filter(Boolean))),
    ...strange.map((key) => box(row.rights, 'right', key, rightName(key))),
  ];
  const ownBoxes = ownRights.map((key) => box(row.rights, 'right', key, rightName(key)));
  // Where roles say it all, single rights are an exception.
  const said = rights.every(({ key }) => roles.some((role) => !role.all && role.rights.includes(key)));
  return [
    roleBoxes.length > 0 && group('users.roles', roleBoxes),
    rightBoxes.length > 0 && (said ? fold('access.singleRights', rightBoxes) : group('access.rights', rightBoxes)),
    ownBoxes.length > 0 && fold('access.ownRights', ownBoxes),
  ].filter(Boolean);
}

// The names of the places that a user was given something on, by id.
export async function placesOf(path) {
  const names = new Map();
  let cursor = '';
  do {
    const { data } = await askSigned('GET', `${path}/access?${new URLSearchParams({ limit: '200', ...(cursor && { cursor }) })}`);
    for (const { id, name } of [...data.resources, ...(data.companies?.items ?? [])]) names.set(id, name);
    cursor = data.next;
  } while (cursor);
  return names;
}
