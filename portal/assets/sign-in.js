import { ask, askSigned, begin, left } from './api.js';
import { byId } from './dom.js';
import { handle } from './form.js';
import { addressee } from './link.js';
import { keepOrganization } from './organization.js';
import { start } from './page.js';
import { choose, chosen, say } from './texts.js';

await start();

const form = byId('sign-in-form');
form.elements.email.value = addressee() ?? '';

const notice = left();
if (notice) {
  byId('notice').hidden = false;
  say(byId('notice'), notice);
}

handle(form, {
  async send() {
    const { email, password } = form.elements;
    const { data } = await ask('POST', '/v1/sessions', { email: email.value.trim(), password: password.value });
    await begin(data.token);
    if (chosen() === null) choose(data.person.language);
    location.assign(await administers(data.memberships) ? '/users' : '/account');
  },
});

// Whether the person may see the users of an organization; that one is then opened.
async function administers(memberships) {
  for (const { organizationId, status } of memberships) {
    if (status !== 'active') continue;
    try {
      await askSigned('GET', `/v1/organizations/${organizationId}/users?limit=1`);
      keepOrganization(organizationId);
      return true;
    } catch (problem) {
      if (problem.status !== 403) return false;
    }
  }
  return false;
}
