// What all pages do: the language menu, the steps of a page, messages, signing out.

import { askSigned, end, leave, signedIn } from './api.js';
import { byId, el } from './dom.js';
import { explain } from './form.js';
import { keepOffer, keepOrganization, seesAudit, seesUsers } from './organization.js';
import { choose, languages, preferred, say, speak } from './texts.js';

// Shows the page in the reader's language.
export async function start() {
  const menu = byId('language-menu');
  for (const [code, own] of Object.entries(languages)) menu.append(el('option', { value: code, lang: code }, own));
  menu.value = preferred();
  if (new URLSearchParams(location.search).has('lang')) choose(menu.value); // for the pages that follow, too
  menu.addEventListener('change', () => {
    choose(menu.value);
    speak(menu.value);
  });
  await speak(menu.value);
}

// Starts a page for signed-in people, and returns who it is.
export async function startSigned() {
  if (!signedIn()) {
    leave('signIn.first');
    return new Promise(() => {});
  }
  // Going back must not show what a session showed that has ended, not even for
  // a moment: without a language nothing shows.
  addEventListener('pagehide', () => document.documentElement.removeAttribute('lang'));
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
  byId('sign-out').addEventListener('click', async () => {
    await end();
    leave('signIn.left');
  });
  offer();
  await start();
  const me = await attempt(async () => (await askSigned('GET', '/v1/me')).data);
  keepOffer(me.memberships);
  offer();
  return me;
}

// Leads to a list of users, and to what was changed, those who may see one.
function offer() {
  byId('nav-users').hidden = !seesUsers();
  byId('nav-audit').hidden = !seesAudit();
  document.querySelector('.brand').href = seesUsers() ? '/users' : '/account';
}

// Heads the page with the organization that it is about, or with a menu of several.
export function headPlaces(places, place, key) {
  const menu = byId('organization');
  menu.hidden = places.length < 2;
  if (menu.hidden) say(byId('heading'), key, { organization: place.organizationName });
  menu.append(...places.map(({ organizationId, organizationName }) => el('option', { value: organizationId }, organizationName)));
  menu.value = place.organizationId;
  menu.addEventListener('change', () => {
    keepOrganization(menu.value);
    location.reload();
  });
}

// Shows one step of the page and hides the others.
export function show(step) {
  for (const node of document.querySelectorAll('[data-step]')) node.hidden = node.dataset.step !== step;
}

// The same for a step that somebody's action leads to: reading goes on there.
export function turn(step) {
  show(step);
  const node = document.querySelector(`[data-step="${step}"]`);
  node.tabIndex = -1;
  node.focus();
}

// Does what the page cannot go on without, again whenever the reader wants to
// try again, until it succeeds.
export async function attempt(work) {
  for (;;) {
    show('waiting');
    try {
      return await work();
    } catch (problem) {
      explain(problem, byId('failure'), byId('failure-reference'));
      turn('failed');
    }
    await new Promise((again) => byId('try-again').addEventListener('click', again, { once: true }));
  }
}

// Tells what has been done, above the page's content, and what is worth knowing beside it.
export function announce(key, filling, ...more) {
  const message = byId('message');
  message.className = more.some((node) => node.matches('.warning, :has(.warning)')) ? 'message warn' : 'message good';
  message.replaceChildren(say(el('span'), key, filling), ...more);
}

// Tells what could not be done.
export function complain(problem) {
  const message = byId('message');
  const [text, reference] = [el('span'), el('span', { class: 'small' })];
  explain(problem, text, reference);
  message.className = 'message bad';
  message.replaceChildren(text, ' ', reference);
}

