// What a one-time link from a mail opens.

import { ask } from './api.js';
import { attempt, show, turn } from './page.js';

const kept = 'fullmakt:addressee';
const waiting = 'fullmakt:confirmation';

// Takes the token out of the address, asks the API at path whom it is for and
// calls opened with the answer and a function that uses the token. Nothing is
// used up before that.
export async function open(path, opened) {
  const token = taken();
  if (!token) {
    show('missing');
    return;
  }
  const link = await attempt(async () => {
    try {
      return (await ask('POST', `${path}/check`, { token })).data;
    } catch (problem) {
      if (problem.status === 400) return null;
      throw problem;
    }
  });
  if (link) opened(link, token);
  else show('invalid');
}

// Takes the token out of the address, if there is one.
export function taken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  history.replaceState(null, '', location.pathname + location.search);
  addEventListener('hashchange', () => location.reload()); // another link in the same tab
  return token;
}

// Keeps the link of a new address while its person signs in.
export const keepConfirmation = (token) => sessionStorage.setItem(waiting, token);

// Whether such a link waits for somebody to be signed in.
export const confirmationWaits = () => sessionStorage.getItem(waiting) !== null;

// The link kept last, once.
export function confirmation() {
  const token = sessionStorage.getItem(waiting);
  sessionStorage.removeItem(waiting);
  return token;
}

// Takes over the problem of a link that stopped working while its page was open.
export function spent(problem) {
  if (problem.code !== 'link-invalid') return false;
  turn('invalid');
  return true;
}

// Keeps an address for the sign-in that follows, unless it is masked. Password
// managers learn it there: the masked one, as a user name in the form here, is
// what they would keep and fill in ever after.
export function keepAddressee(email) {
  if (email && !email.includes('*')) sessionStorage.setItem(kept, email);
}

// The address kept last, once.
export function addressee() {
  const email = sessionStorage.getItem(kept);
  sessionStorage.removeItem(kept);
  return email;
}
