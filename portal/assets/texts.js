// The texts of the pages. All of them are in texts/*.json, one file for each
// language; elements name theirs in data-text and data-name.

import { breakable } from './dom.js';

export const languages = { fi: 'Suomi', sv: 'Svenska', nb: 'Norsk bokmål', en: 'English' };

const locales = { fi: 'fi-FI', sv: 'sv-SE', nb: 'nb-NO', en: 'en-GB' };
const nearest = new Map([['no', 'nb'], ['nn', 'nb'], ['da', 'nb']]);
const kept = 'fullmakt:language';

let wanted;
let language;
let catalogue = {};
const values = new WeakMap(); // element -> what its text is filled in with
const watchers = [];

// The language of the reader: asked for in the address, chosen before, or the browser's.
export function preferred() {
  const asked = new URLSearchParams(location.search).get('lang');
  for (const tag of [asked, chosen(), ...navigator.languages]) {
    const base = (tag ?? '').toLowerCase().split('-')[0];
    const known = nearest.get(base) ?? base;
    if (Object.hasOwn(languages, known)) return known;
  }
  return 'en';
}

// What the reader chose before, on any page. A browser may forbid to keep it.
export function chosen() {
  try {
    return localStorage.getItem(kept);
  } catch {
    return null;
  }
}

export function choose(code) {
  if (!Object.hasOwn(languages, code)) return;
  try {
    localStorage.setItem(kept, code);
  } catch {
    // Then it holds for this page only.
  }
  const address = new URL(location.href);
  address.searchParams.delete('lang'); // it would win over the choice on a reload
  history.replaceState(history.state, '', address);
}

// Shows the page in a language, without losing what is on it.
export async function speak(code) {
  wanted = code;
  const answer = await fetch(`/portal/texts/${code}.json`);
  if (!answer.ok) throw new Error(`texts: ${answer.status}`);
  const read = await answer.json();
  if (wanted !== code) return; // another was chosen meanwhile
  language = code;
  catalogue = read;
  document.documentElement.lang = code;
  for (const node of document.querySelectorAll('[data-text], [data-name]')) translate(node);
  document.title += ` – ${t('brand.name')}`;
  for (const watcher of watchers) watcher();
}

// Calls back whenever the language has changed.
export function onLanguage(watcher) {
  watchers.push(watcher);
}

// Sets the text of an element, also for a later change of language. Values are
// strings, dates, or functions that are asked each time.
export function say(node, key, filling = {}) {
  values.set(node, filling);
  node.dataset.text = key;
  translate(node);
  return node;
}

// Names an element that has no text of its own, for the pointer and for assistive technology.
export function name(node, key) {
  node.dataset.name = key;
  translate(node);
  return node;
}

export function t(key, filling = {}) {
  return (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (_, place) => written(filling[place]));
}

export const has = (key) => Object.hasOwn(catalogue, key);

// The text in the reader's language of a name that the API gives in several.
export const among = (names) => names[language] ?? Object.values(names)[0];

export function written(value) {
  if (typeof value === 'function') return value();
  if (value instanceof Date) {
    return new Intl.DateTimeFormat(locales[language], { dateStyle: 'medium', timeStyle: 'short' }).format(value);
  }
  return String(value ?? '');
}

// A day that the API gives as YYYY-MM-DD, wherever the reader is.
export const day = (text) => new Intl.DateTimeFormat(locales[language], { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(text));

// A country in the reader's language.
export const regionName = (code) => new Intl.DisplayNames(locales[language], { type: 'region' }).of(code);

// A span from now, such as "in 5 minutes".
export function within(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.RelativeTimeFormat(locales[language]).format(count, unit);
}

function translate(node) {
  const filling = values.get(node);
  if (node.dataset.text) node.replaceChildren(...breakable(t(node.dataset.text, filling)));
  if (node.dataset.name) {
    node.title = t(node.dataset.name, filling);
    node.setAttribute('aria-label', node.title);
    if ('placeholder' in node) node.placeholder = node.title;
  }
}
