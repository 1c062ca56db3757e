// What kind of portal this is, and what its roles and rights mean for a page.

import { askSigned } from './api.js';
import { among, t } from './texts.js';

export let profile;

export async function readProfile() {
  profile = (await askSigned('GET', '/v1/profile')).data;
}

// Places that are no resources.
export const everywhere = 'organization';
export const client = 'client';
export const clients = 'clients';

export const roleOf = (key) => profile.roles.find((role) => role.key === key);
export const typeOf = (key) => profile.resourceTypes.find((type) => type.key === key);
const rightOf = (key) => profile.rights.find((right) => right.key === key);

export const roleName = (key) => (roleOf(key) ? among(roleOf(key).name) : key);

export function rightName(key) {
  if (profile.ownRights.includes(key)) return t(`right.${key}`);
  return rightOf(key) ? among(rightOf(key).name) : key;
}

export function typeName(key) {
  if (key === everywhere) return t('access.everywhere');
  if (key === clients) return t('access.clients');
  if (key === client) return t('access.client');
  return typeOf(key) ? among(typeOf(key).name) : key;
}

// Which role or right a refusal is about, and where, as the API ends its detail:
// ": order in worksite res_….". nameOf knows the names of places.
export function refused(detail, nameOf) {
  const [, key, type, place] = /: (\S+) in (\S+?)(?: (\S+))?\.$/.exec(detail) ?? [];
  if (!key) return detail;
  return t('users.what', { what: roleOf(key) ? roleName(key) : rightName(key), where: nameOf(place) ?? typeName(type) });
}

// Names in a row, such as "Order, Return dates".
export const named = (keys, naming) => keys.map(naming).join(', ');

// The roles that can be given in places of a type.
export const rolesFor = (type) => profile.roles.filter(({ scopes }) => scopes.includes(type));

// Those of them that say more there than that somebody has the role.
export const tellingRolesFor = (type) => rolesFor(type).filter((role) => gives(role));

export const gives = (role) => role.all || role.rights.length > 0;

// The portal's rights that can be given in places of a type: those on it, and
// those on what lies in it.
export function rightsFor(type) {
  if (type === everywhere) return profile.rights;
  if (type === client || type === clients) {
    return profile.rights.filter(({ key }) => profile.mandates.some(({ rights }) => rights.includes(key)));
  }
  return profile.rights.filter(({ on }) => lies(on, type)).toSorted((a, b) => (b.on === type) - (a.on === type));
}

// Fullmakt's own rights, but for those on what the portal has not got.
export const ownRights = () => profile.ownRights.filter((key) => ({
  mandates: profile.mandates.length > 0,
  resources: profile.resourceTypes.length > 0,
  'national-ids': profile.policies.nationalId !== 'none',
})[key.split(':')[0]] ?? true);

// Those that can be given there.
export function ownRightsFor(type) {
  if (type === everywhere) return ownRights();
  return typeOf(type) ? ownRights().filter((key) => key.startsWith('resources:')) : [];
}

// Whether resources of a type are of another one, or lie in such.
function lies(type, within) {
  for (let at = typeOf(type); at; at = typeOf(at.parent)) if (at.key === within) return true;
  return false;
}

// The roles that a new user has unless somebody says otherwise: those that the
// profile gives of itself, or else the lowest one of those with sign-in.
export function firstRoles() {
  const all = rolesFor(everywhere);
  const given = all.filter(({ defaultFor }) => defaultFor.includes('administrator'));
  const rest = all.filter(({ signIn }) => signIn).toSorted((a, b) => a.level - b.level).slice(0, 1);
  return (given.length > 0 ? given : rest).map(({ key }) => key);
}

// Whether people with these roles have an account.
export const signIn = (roles) => roles.length === 0 || roles.some((key) => roleOf(key)?.signIn ?? true);

// What the roles give in all places of the organization: 'all' or 'some' of what there is, or ''.
export function reach(roles) {
  const held = roles.map(roleOf).filter(Boolean);
  if (held.some(({ all }) => all)) return 'all';
  const there = (key) => typeOf(rightOf(key)?.on) || key.startsWith('resources:');
  return held.some(({ rights }) => rights.some(there)) ? 'some' : '';
}

// Whether a role has one of some rights.
export const holds = (key, rights) => roleOf(key)?.all || (roleOf(key)?.rights ?? []).some((right) => rights.includes(right));
