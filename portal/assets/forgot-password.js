import { ask } from './api.js';
import { byId } from './dom.js';
import { handle } from './form.js';
import { start, turn } from './page.js';
import { say } from './texts.js';

await start();

const form = byId('forgot-password-form');
handle(form, {
  async send() {
    const email = form.elements.email.value.trim();
    await ask('POST', '/v1/password-resets', { email });
    say(byId('sent-to'), 'forgot.sent', { email });
    turn('done');
  },
});
