// The organization that is looked at in this tab.

const kept = 'fullmakt:organization';

export const keepOrganization = (id) => sessionStorage.setItem(kept, id);

// The one looked at last, or the first, of the memberships that let their person in.
export function currentOrganization(memberships) {
  const id = sessionStorage.getItem(kept);
  return memberships.find((m) => m.organizationId === id) ?? memberships[0];
}
