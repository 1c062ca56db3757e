// Forms: checks before the call, one call at a time, and faults that are told
// at the top of the form and at the field.

import { Problem } from './api.js';
import { el } from './dom.js';
import { has, say, within } from './texts.js';

const shortest = 8;
const longest = 128;

// Makes a form call send, at most once at a time. check gives faults
// [{name, code, filling}] beside those of required fields and addresses. handled
// may take a problem over, and then returns true. refused tells in the reader's
// language what the detail of a refusal tells.
export function handle(form, { check = () => [], send, handled = () => false, refused }) {
  for (const input of form.querySelectorAll('input[type=password]')) addReveal(input);
  const button = form.querySelector('[type=submit]');
  let busy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    clear(form);
    const faults = [...plainFaults(form), ...check(form)];
    if (faults.length > 0) {
      showFaults(form, faults);
      return;
    }
    busy = true;
    button.setAttribute('aria-disabled', 'true');
    try {
      await send(form);
    } catch (problem) {
      if (!handled(problem)) showProblem(form, problem, refused);
    } finally {
      busy = false;
      button.removeAttribute('aria-disabled');
    }
  });
}

// The faults of a new password and its repetition.
export function passwordFaults(form, name) {
  const { [name]: { value }, repeat } = form.elements;
  const length = [...value].length;
  const faults = [];
  if (value && length < shortest) faults.push({ name, code: 'password-too-short' });
  if (length > longest) faults.push({ name, code: 'password-too-long' });
  if (repeat.value && repeat.value !== value) faults.push({ name: 'repeat', code: 'password-mismatch' });
  return faults;
}

function plainFaults(form) {
  const faults = [];
  for (const { name, type, required, value, validity } of form.querySelectorAll('input:enabled')) {
    const typed = type === 'password' ? value : value.trim();
    if (validity.badInput && type === 'date') faults.push({ name, code: 'date-invalid' });
    else if (required && typed === '') faults.push({ name, code: 'required' });
    else if (type === 'email' && validity.typeMismatch) faults.push({ name, code: 'email-invalid' });
  }
  return faults;
}

// Says what a problem means, and its reference where that helps someone to look into it.
export function explain(problem, text, reference) {
  if (!(problem instanceof Problem)) reportError(problem); // a fault of the page, for the console
  const known = has(`error.${problem.code}`);
  say(text, known ? `error.${problem.code}` : 'error.unexpected', { when: () => within(problem.wait || 60) });
  reference.hidden = !problem.requestId || (known && problem.status < 500);
  say(reference, 'error.reference', { id: problem.requestId });
}

export function showProblem(form, problem, refused = (detail) => detail) {
  const faults = (problem.errors ?? []).map(({ pointer, code }) => ({ name: pointer.slice(1), code }));
  if (faults.length > 0) {
    showFaults(form, faults);
    return;
  }
  const text = el('p');
  const reference = el('p', { class: 'small' });
  explain(problem, text, reference);
  showSummary(form, text, ...refusal(problem, refused), reference);
}

// Codes whose detail says which role or right is refused, and where.
const refusals = ['role-not-yours-to-give', 'right-not-yours-to-give', 'scope-not-fitting', 'above-mandate'];

function refusal({ code, detail }, refused) {
  return refusals.includes(code) && detail ? [el('p', { class: 'small', 'data-testid': 'refusal' }, refused(detail))] : [];
}

// Tells faults in a list at the top, and each at its field.
export function showFaults(form, faults) {
  const items = faults.map(({ name, code, filling }) => {
    const key = has(`error.${code}`) ? `error.${code}` : 'error.field';
    const field = fieldOf(form, name);
    return el('li', {}, field ? mark(form, field, key, filling) : say(el('span'), key, filling));
  });
  showSummary(form, say(el('p'), 'error.summary'), el('ul', {}, ...items));
}

export function clear(form) {
  for (const node of form.querySelectorAll('.summary, .fault')) node.remove();
  for (const field of form.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    describe(field, (ids) => ids.filter((id) => id !== faultID(field)));
  }
}

function showSummary(form, ...content) {
  form.querySelector('.summary')?.remove();
  const summary = el('div', { class: 'summary', role: 'alert', tabindex: '-1', 'data-testid': 'error-summary' }, ...content);
  const intro = form.querySelector('h2 + p'); // of a dialog
  if (intro) intro.after(summary);
  else form.prepend(summary);
  summary.focus();
}

// The input of a name, or of what its value lies in; of several, the group they are in.
function fieldOf(form, name) {
  for (let at = name ?? ''; at; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const found = form.elements.namedItem(at);
    const first = found instanceof RadioNodeList ? found[0] : found;
    if (first) return ['checkbox', 'radio'].includes(first.type) ? first.closest('fieldset') : first;
  }
  return null;
}

// Marks a field as faulty, and returns a link that leads to it.
function mark(form, field, key, filling) {
  const label = form.querySelector(`label[for="${field.id}"]`) ?? field.querySelector('legend');
  if (!field.hasAttribute('aria-invalid')) {
    field.setAttribute('aria-invalid', 'true');
    label.after(say(el('p', { class: 'fault', id: faultID(field) }), key, filling));
    describe(field, (ids) => [...ids, faultID(field)]);
  }
  const link = el('a', { href: `#${field.id}` }, say(el('span'), label.dataset.text), ': ', say(el('span'), key, filling));
  unfold(field);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    unfold(field);
    (field.querySelector('input, select') ?? field).focus();
  });
  return link;
}

// Opens what the field is folded away in.
function unfold(field) {
  for (let fold = field.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
}

const faultID = (field) => `${field.id}-fault`;

function describe(field, change) {
  const ids = change((field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean));
  if (ids.length > 0) field.setAttribute('aria-describedby', ids.join(' '));
  else field.removeAttribute('aria-describedby');
}

// Lets people see the password they type.
function addReveal(input) {
  const button = say(el('button', { type: 'button', class: 'reveal', 'aria-controls': input.id }), 'password.show');
  const wrapper = el('div', { class: 'secret' });
  input.replaceWith(wrapper);
  wrapper.append(input, button);
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    say(button, shown ? 'password.hide' : 'password.show');
  };
  button.addEventListener('click', () => show(input.type === 'password'));
  input.form.addEventListener('submit', () => show(false)); // so that browsers know it as a password
}
