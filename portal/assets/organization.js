// What the tab keeps of where the signed-in person is a user.

const looked = 'fullmakt:organization';
const sees = 'fullmakt:sees-users';

// The memberships that give their person a right now.
export const holding = (memberships, right) => memberships.filter(({ rights }) => rights.includes(right));

// Keeps what the pages offer, which is known anew with each answer that tells of memberships.
export const keepOffer = (memberships) => sessionStorage.setItem(sees, holding(memberships, 'users:see').length > 0);

// Whether there is an organization whose users the person may see.
export const seesUsers = () => sessionStorage.getItem(sees) === 'true';

export const keepOrganization = (id) => sessionStorage.setItem(looked, id);

// The one of the memberships that was looked at last, or the first.
export function currentOrganization(memberships) {
  const id = sessionStorage.getItem(looked);
  return memberships.find((m) => m.organizationId === id) ?? memberships[0];
}
