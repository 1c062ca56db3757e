// National ids for those who may see them: one is shown whole, or somebody is
// found by one.

import { askSigned, create } from './api.js';
import { byId, el } from './dom.js';
import { clear, handle, showFaults } from './form.js';
import { profile } from './profile.js';
import { regionName, say } from './texts.js';

const countries = ['FI', 'SE', 'NO']; // that have national ids the API knows

// Fills a menu with the countries that have national ids.
export function offerCountries(menu) {
  menu.replaceChildren(...countries.map((code) => el('option', { value: code }, regionName(code))));
  menu.value = profile.country;
}

// Prepares the dialog in which the password is typed again. The function that it
// returns shows the national id of a user to whom it is given.
export function revealer({ me, path }) {
  const dialog = byId('reveal-dialog');
  const form = byId('reveal-form');
  let about = null;
  let shown = () => {};

  handle(form, {
    async send() {
      const { password, reason } = form.elements;
      const { data } = await askSigned('POST', `${path}/${about.id}/national-id/reveal`, { password: password.value, reason: reason.value.trim() });
      dialog.close();
      shown(data);
    },
    handled(problem) {
      if (problem.code !== 'password-wrong') return false;
      showFaults(form, [{ name: 'password', code: problem.code }]);
      return true;
    },
  });
  dialog.addEventListener('close', () => form.reset());

  return (user, told) => {
    [about, shown] = [user, told];
    clear(form);
    byId('reveal-for').value = me.email;
    say(byId('reveal-heading'), 'nationalId.of', user);
    dialog.showModal();
  };
}

// Prepares the dialog that finds somebody. open is called with the user to open
// their details, if opens says that these can be.
export function nationalIdSearch({ path, opens, open }) {
  const dialog = byId('id-search-dialog');
  const form = byId('id-search-form');
  const outcome = byId('id-search-outcome');

  handle(form, {
    async send() {
      outcome.replaceChildren();
      const nationalId = { country: byId('id-search-country').value, code: byId('id-search-code').value.trim() };
      const { data } = await create(`${path}/search`, { nationalId });
      outcome.replaceChildren(data.items.length > 0 ? found(data.items[0]) : say(el('p', { class: 'notice' }), 'nationalId.nobody'));
    },
  });

  function found(user) {
    const name = say(opens(user) ? el('button', { type: 'button', class: 'link' }) : el('span', { class: 'strong' }), 'users.listName', user);
    name.addEventListener('click', () => {
      if (!opens(user)) return;
      dialog.close();
      open(user);
    });
    return el('p', { class: 'notice good', 'data-testid': 'id-search-found' }, name, ` ${user.email} `,
      say(el('span', { class: `badge ${user.status}` }), `status.${user.status}`));
  }

  byId('id-search-code').addEventListener('input', () => outcome.replaceChildren());
  dialog.addEventListener('close', () => {
    form.reset();
    outcome.replaceChildren();
  });

  return () => {
    clear(form);
    offerCountries(byId('id-search-country'));
    dialog.showModal();
  };
}
