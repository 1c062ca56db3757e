import { askSigned, leave, signedIn } from './api.js';
import { byId } from './dom.js';
import { handle } from './form.js';
import { confirmation, keepConfirmation, spent, taken } from './link.js';
import { show, start, turn } from './page.js';
import { say } from './texts.js';

const kept = confirmation();
const token = taken() ?? kept;

if (token && !signedIn()) {
  keepConfirmation(token); // sign-in leads back here
  leave('signIn.first');
} else {
  await start();
  show(token ? 'new' : 'missing');
  handle(byId('confirm-form'), { send, handled: spent });
}

async function send() {
  keepConfirmation(token); // should the session have ended
  try {
    const { data } = await askSigned('POST', '/v1/email-changes', { token });
    say(byId('confirmed'), 'confirmEmail.done', { email: data.email });
    turn('done');
  } finally {
    confirmation();
  }
}
