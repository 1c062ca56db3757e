// A list to search in and to choose several from.

import { el } from './dom.js';
import { name, say } from './texts.js';

const pause = 250; // milliseconds without a key before the API is asked

// Delays a call until there was none for a while.
export function settled(work) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), pause);
  };
}

// Makes a fieldset with a legend. search(text, cursor) gives {items: [{id, name,
// note}], next}; chosen maps ids to names, and is kept up; changed is called
// after each choice. The fieldset's own reload searches anew.
export function picker({ id, legend, search, chosen, changed }) {
  const input = el('input', { type: 'search', id: `${id}-search`, autocomplete: 'off', maxlength: '100' });
  name(input, 'access.search');
  const list = el('div', { class: 'picks' });
  const state = el('p', { class: 'hint', role: 'status' });
  const more = say(el('button', { type: 'button', class: 'small-button' }), 'users.more');
  const node = el('fieldset', { class: 'field', id }, el('legend', {}, legend), input, list, state, more);
  let asked = 0;
  let next = null;
  let found = [];

  const item = ({ id: place, name: text, note }) => {
    const box = el('input', { type: 'checkbox', id: `${id}-${place}`, value: place, checked: chosen.has(place) });
    box.addEventListener('change', () => {
      if (box.checked) chosen.set(place, text);
      else chosen.delete(place);
      changed();
    });
    return el('div', { class: 'choice', 'data-testid': 'pick' }, box,
      el('label', { for: box.id }, text, note ? el('span', { class: 'small' }, ` ${note}`) : null));
  };

  const tell = (key) => state.replaceChildren(...(key ? [say(el('span'), key)] : []));

  function render() {
    const kept = input.value.trim() ? [] : [...chosen].filter(([place]) => !found.some((other) => other.id === place));
    list.replaceChildren(...[...kept.map(([place, text]) => ({ id: place, name: text })), ...found].map(item));
    list.hidden = list.childElementCount === 0;
    tell(list.hidden ? 'access.nothingFound' : null);
    more.hidden = next === null;
  }

  async function read(cursor) {
    const own = ++asked;
    node.setAttribute('aria-busy', 'true');
    try {
      const answer = await search(input.value.trim(), cursor);
      if (own !== asked) return; // something else was typed meanwhile
      found = cursor ? [...found, ...answer.items] : answer.items;
      next = answer.next || null;
      if (!cursor && !input.value.trim()) input.hidden = found.length <= few && next === null;
      render();
    } catch (problem) {
      if (own !== asked) return;
      more.hidden = true;
      tell('error.unexpected');
    } finally {
      if (own === asked) node.removeAttribute('aria-busy');
    }
  }

  const anew = settled(() => read(null));
  input.addEventListener('input', anew);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // it would send the form
    read(null);
  });
  more.addEventListener('click', async () => {
    const seen = list.childElementCount;
    await read(next);
    list.children[seen]?.querySelector('input').focus();
  });
  node.reload = () => {
    input.value = '';
    return read(null);
  };
  input.hidden = true; // until there is enough to search in
  more.hidden = true;
  tell('page.loading');
  node.reload();
  return node;
}

const few = 5; // can be seen at a glance
