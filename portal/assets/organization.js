// What the tab keeps of where the signed-in person is a user.

const looked = 'fullmakt:organization';
const offered = { 'users:see': 'fullmakt:sees-users', 'audit:see': 'fullmakt:sees-audit' };

// The memberships that give their person a right now.
export const holding = (memberships, right) => memberships.filter(({ rights }) => rights.includes(right));

// Keeps what the pages offer, which is known anew with each answer that tells of memberships.
export function keepOffer(memberships) {
  for (const [right, key] of Object.entries(offered)) sessionStorage.setItem(key, holding(memberships, right).length > 0);
}

// Whether there is an organization whose users the person may see.
export const seesUsers = () => sessionStorage.getItem(offered['users:see']) === 'true';

// The same of who has changed what.
export const seesAudit = () => sessionStorage.getItem(offered['audit:see']) === 'true';

export const keepOrganization = (id) => sessionStorage.setItem(looked, id);

// The one of the memberships that was looked at last, or the first.
export function currentOrganization(memberships) {
  const id = sessionStorage.getItem(looked);
  return memberships.find((m) => m.organizationId === id) ?? memberships[0];
}
