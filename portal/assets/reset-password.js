import { ask, end } from './api.js';
import { byId } from './dom.js';
import { handle, passwordFaults } from './form.js';
import { keepAddressee, open, spent } from './link.js';
import { show, start, turn } from './page.js';
import { say } from './texts.js';

await start();

open('/v1/password-resets', ({ email, expiresAt }, token) => {
  const form = byId('reset-form');
  say(byId('reset-for'), 'reset.for', { email });
  say(byId('reset-until'), 'link.until', { when: new Date(expiresAt) });
  show('new');
  handle(form, {
    check: () => passwordFaults(form, 'password'),
    async send() {
      const { data } = await ask('POST', '/v1/password-resets/complete', { token, password: form.elements.password.value });
      await end();
      keepAddressee(data.email);
      turn('done');
    },
    handled: spent,
  });
});
