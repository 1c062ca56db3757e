// The dialog that finds somebody of another company by their whole address.

import { create } from './api.js';
import { byId, el } from './dom.js';
import { clear, handle } from './form.js';
import { say } from './texts.js';

// Prepares the dialog for an organization's path. found is called with who was
// found, and none with the address that nobody was found by, once it has closed.
export function partnerSearch({ path, found, none }) {
  const dialog = byId('partner-dialog');
  const form = byId('partner-form');
  const email = byId('partner-email');

  function forget() {
    byId('partner-outcome').replaceChildren();
    byId('partner-new').hidden = true;
  }

  handle(form, {
    async send() {
      forget();
      const { data } = await create(`${path}/partners/search`, { email: email.value.trim() });
      if (data.found) {
        dialog.close();
        found(data.partner);
        return;
      }
      byId('partner-outcome').replaceChildren(say(el('p', { class: 'notice' }), 'partner.nobody'));
      byId('partner-new').hidden = false;
      byId('partner-new').focus();
    },
  });
  email.addEventListener('input', forget);
  byId('partner-new').addEventListener('click', () => {
    dialog.close();
    none(email.value.trim());
  });

  return () => {
    clear(form);
    form.reset();
    forget();
    dialog.showModal();
  };
}
