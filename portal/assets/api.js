// The public API, and the session in this tab.

const kept = 'fullmakt:session';
const notice = 'fullmakt:notice';
const patience = 30_000; // milliseconds; the gateway in front of the API waits no longer

// Problem is an answer that is not the one asked for, or none at all.
export class Problem extends Error {
  constructor({ status = 0, code = 'network', detail = '', requestId, errors = [], wait = 0 } = {}) {
    super(code);
    Object.assign(this, { status, code, detail, requestId, errors, wait });
  }

  // Whether the request surely had no effect, so that it can be made anew.
  get definite() {
    return this.status >= 400 && this.status < 500;
  }
}

// Whether somebody is signed in, in this tab.
export const signedIn = () => sessionStorage.getItem(kept) !== null;

// Begins a session in the place of the one that the tab may still have.
export async function begin(token) {
  await end();
  sessionStorage.setItem(kept, token);
}

// Ends the session. Should the API not hear of it, it runs out there.
export async function end() {
  if (!signedIn()) return;
  await call('DELETE', '/v1/me/sessions/current', undefined, bearer()).catch(() => {});
  sessionStorage.removeItem(kept);
}

const bearer = () => ({ Authorization: `Bearer ${sessionStorage.getItem(kept)}` });

// Goes to sign-in, which shows the text with this key.
export function leave(key) {
  sessionStorage.removeItem(kept);
  sessionStorage.setItem(notice, key);
  location.replace('/sign-in');
}

// The key left by leave, once.
export function left() {
  const key = sessionStorage.getItem(notice);
  sessionStorage.removeItem(notice);
  return key;
}

// Calls the API as nobody, whoever is signed in.
export async function ask(method, path, body) {
  return call(method, path, body, {});
}

// Calls the API as the signed-in person. Without a session the page is left
// and the call never returns.
export async function askSigned(method, path, body, headers = {}) {
  try {
    return await call(method, path, body, { ...bearer(), ...headers });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    leave('signIn.expired');
    return new Promise(() => {});
  }
}

const unanswered = new Map(); // request -> its Idempotency-Key

// Creates something once: the same request made again after a lost answer has the same key.
export async function create(path, body) {
  const request = `${path} ${JSON.stringify(body)}`;
  const key = unanswered.get(request) ?? crypto.randomUUID();
  unanswered.set(request, key);
  try {
    const answer = await askSigned('POST', path, body, { 'Idempotency-Key': key });
    unanswered.delete(request);
    return answer;
  } catch (problem) {
    if (problem.definite) unanswered.delete(request);
    throw problem;
  }
}

async function call(method, path, body, headers) {
  const request = {
    method,
    headers: { Accept: 'application/json', ...headers },
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
    signal: AbortSignal.timeout(patience),
  };
  if (body !== undefined) {
    request.headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(body);
  }
  let answer, text;
  try {
    answer = await fetch(path, request);
    text = await answer.text();
  } catch {
    throw new Problem();
  }
  const data = parsed(text);
  if (answer.ok) return { data, etag: answer.headers.get('ETag') };
  throw new Problem({
    status: answer.status,
    code: data?.code ?? 'unexpected',
    detail: data?.detail,
    requestId: data?.requestId,
    errors: data?.errors,
    wait: Number(answer.headers.get('Retry-After')) || 0,
  });
}

// What stands between the page and the API may answer with something else than JSON.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
