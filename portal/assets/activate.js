import { ask, end } from './api.js';
import { byId } from './dom.js';
import { handle, passwordFaults, showFaults } from './form.js';
import { keepAddressee, open, spent } from './link.js';
import { show, start, turn } from './page.js';
import { say } from './texts.js';

await start();

open('/v1/activations', ({ email, givenName, organizationName, hasPassword, expiresAt }, token) => {
  // Who has a password from another organization shows it, and keeps it.
  const step = hasPassword ? 'known' : 'new';
  const form = byId(hasPassword ? 'join-form' : 'activate-form');
  say(byId(hasPassword ? 'known-invitation' : 'invitation'), hasPassword ? 'activate.knownFor' : 'activate.for', { email, givenName, organization: organizationName });
  say(byId(hasPassword ? 'known-invitation-until' : 'invitation-until'), 'link.until', { when: new Date(expiresAt) });
  show(step);
  handle(form, {
    check: () => (hasPassword ? [] : passwordFaults(form, 'password')),
    async send() {
      const { data } = await ask('POST', '/v1/activations', { token, password: form.elements.password.value });
      await end(); // of somebody who is signed in here and let another one activate
      keepAddressee(data.email);
      turn('done');
    },
    handled(problem) {
      if (problem.code !== 'password-wrong') return spent(problem);
      showFaults(form, [{ name: 'password', code: problem.code }]);
      return true;
    },
  });
});
