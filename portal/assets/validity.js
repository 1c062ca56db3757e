// From when and until when somebody is a user, or that they are locked out.

import { el } from './dom.js';
import { say } from './texts.js';

const kinds = { indefinite: 'validity.indefinite', fixedTerm: 'validity.fixedTerm', locked: 'validity.locked' };

// Makes a fieldset with an id for some of the kinds. prefix is where the API
// finds the members, such as "validity/"; read gives them.
export function validityFields(own, prefix, offered, current = { type: 'indefinite' }) {
  const id = (part) => `${own}-${part}`;
  const radio = (kind) => {
    const input = el('input', { type: 'radio', name: `${prefix}type`, value: kind, id: id(kind), checked: kind === current.type });
    input.addEventListener('change', react);
    return el('div', { class: 'choice' }, input, say(el('label', { for: id(kind) }), kinds[kind]));
  };
  const field = (part, key, attributes) => {
    const input = el('input', { id: id(part), name: `${prefix}${part}`, autocomplete: 'off', ...attributes });
    input.value = current[part] ?? '';
    return el('div', { class: 'field' }, say(el('label', { for: id(part) }), key), input);
  };
  const days = el('div', { class: 'pair inset' },
    field('from', 'validity.from', { type: 'date', required: true }),
    field('to', 'validity.to', { type: 'date', required: true }));
  const reason = el('div', { class: 'inset' }, field('reason', 'validity.reason', { maxlength: '200' }));
  const node = el('fieldset', { class: 'field', id: id('kind') }, say(el('legend'), 'validity.title'),
    ...offered.flatMap((kind) => [radio(kind), { fixedTerm: days, locked: reason }[kind]].filter(Boolean)));
  const chosen = () => node.querySelector('[type=radio]:checked')?.value;

  // Only what belongs to the choice is there to be filled in.
  function react() {
    for (const [kind, part] of [['fixedTerm', days], ['locked', reason]]) {
      part.hidden = chosen() !== kind;
      for (const input of part.querySelectorAll('input')) input.disabled = part.hidden;
    }
  }
  react();

  const values = (part) => Object.fromEntries([...part.querySelectorAll('input')].map(({ name, value }) => [name.slice(prefix.length), value.trim()]));
  node.read = () => {
    const type = chosen();
    if (type === 'fixedTerm') return { type, ...values(days) };
    const { reason: why } = values(reason);
    return type === 'locked' && why ? { type, reason: why } : { type };
  };
  return node;
}
