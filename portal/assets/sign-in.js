import { ask, begin, left } from './api.js';
import { byId } from './dom.js';
import { handle } from './form.js';
import { addressee, confirmationWaits } from './link.js';
import { keepOffer, seesUsers } from './organization.js';
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
    keepOffer(data.memberships);
    location.assign(confirmationWaits() ? '/confirm-email' : seesUsers() ? '/users' : '/account');
  },
});
