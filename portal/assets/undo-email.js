import { ask, end } from './api.js';
import { byId } from './dom.js';
import { handle, passwordFaults } from './form.js';
import { keepAddressee, open, spent } from './link.js';
import { show, start, turn } from './page.js';
import { say } from './texts.js';

await start();

open('/v1/email-undos', ({ email, expiresAt }, token) => {
  const form = byId('undo-form');
  say(byId('undo-for'), 'undoEmail.for', { email });
  say(byId('undo-until'), 'link.until', { when: new Date(expiresAt) });
  show('new');
  handle(form, {
    check: () => passwordFaults(form, 'password'),
    async send() {
      const { data } = await ask('POST', '/v1/email-undos', { token, password: form.elements.password.value });
      await end();
      keepAddressee(data.email);
      turn('done');
    },
    handled: spent,
  });
});
