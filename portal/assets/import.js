// The dialog that invites the people of a file: first it tells what would become
// of each row, then it is done.

import { create } from './api.js';
import { byId, el } from './dom.js';
import { clear, handle, showFaults } from './form.js';
import { everywhere, named, profile, roleName, rolesFor, typeName } from './profile.js';
import { has, onLanguage, say, t } from './texts.js';

const most = 180_000; // bytes of a file that a request has room for

// In which order rows are shown: what asks for something to be done comes first.
const outcomes = ['refused', 'pending', 'ok', 'invited', 'unchanged'];
const badges = { refused: 'locked', pending: 'upcoming', ok: 'active', invited: 'active', unchanged: '' };

// Prepares the dialog for the users at a path. imported is called once the dialog
// has closed and somebody was invited.
export function importForm({ path, imported }) {
  const dialog = byId('import-dialog');
  const form = byId('import-form');
  const file = byId('import-file');
  let read = null; // the request for the file that was looked through
  let results = [];
  let over = false; // the import was made, whole

  function open() {
    file.value = '';
    show(null);
    sayColumns();
    dialog.showModal();
  }

  // Shows what became of the file, or asks for one.
  function show(request) {
    read = request;
    if (!read) [results, over] = [[], false];
    clear(form);
    const count = (outcome) => results.filter((row) => row.outcome === outcome).length;
    const ready = results.some(({ outcome }) => outcome === 'invited') ? count('pending') : count('ok') + count('pending');
    byId('import-choice').hidden = read !== null;
    byId('import-outcome').hidden = read === null;
    byId('import-note').hidden = read !== null;
    byId('import-back').hidden = read === null || over;
    file.disabled = read !== null; // so that it is not asked for again
    const send = byId('import-send');
    send.hidden = read !== null && (over || ready === 0);
    say(send, read ? 'import.run' : 'import.check', { count: ready });
    say(byId('import-close'), over ? 'dialog.close' : 'dialog.cancel');
    const told = over ? 'import.done' : ready > 0 ? 'import.checked' : 'import.nothing';
    say(byId('import-told'), results.some(({ outcome }) => outcome === 'pending') ? 'import.partly' : told);
    byId('import-counts').replaceChildren(...outcomes.filter(count).map((outcome) => el('li', {}, badge(outcome), ` ${count(outcome)}`)));
    byId('import-rows').replaceChildren(...ordered().map(line));
    byId('import-results').scrollTop = 0;
  }

  const badge = (outcome) => say(el('span', { class: `badge ${badges[outcome]}` }), `outcome.${outcome}`);

  const warned = ({ warnings = [] }) => warnings.filter(({ code }) => has(`warning.${code}`)).map(({ code }) => (
    say(el('p', { class: 'small warning' }), `warning.${code}`)));

  // Of each outcome those first that are worth a second look.
  const ordered = () => outcomes.flatMap((outcome) => {
    const some = results.filter((row) => row.outcome === outcome);
    return [...some.filter(({ warnings }) => warnings), ...some.filter(({ warnings }) => !warnings)];
  });

  const line = ({ row, email, outcome, faults = [], warnings }) => el('tr', { 'data-testid': 'import-row', 'data-row': String(row), 'data-outcome': outcome },
    el('th', { scope: 'row' }, say(el('span'), 'import.row', { row }), email ? el('span', { class: 'small' }, ` ${email}`) : null),
    el('td', {}, badge(outcome)),
    el('td', {}, ...faults.map(({ column, code }) => el('p', { class: 'small' },
      column ? say(el('span', { class: 'strong' }), `column.${column}`) : null, column ? ': ' : '',
      say(el('span'), has(`error.${code}`) ? `error.${code}` : 'error.field'))),
      ...warned({ warnings })));

  handle(form, {
    check: () => (!read && file.files[0]?.size > most ? [{ name: 'file', code: 'file-too-large' }] : []),
    send: () => (read ? run() : check()),
    handled(problem) {
      const faults = problem.status === 413 ? [{ name: 'file', code: 'file-too-large' }] : fileFaults(problem.errors);
      if (faults.length > 0) showFaults(form, faults);
      return faults.length > 0;
    },
  });

  async function check() {
    const data = await base64(file.files[0]);
    if (!data) {
      showFaults(form, [{ name: 'file', code: 'file-empty' }]);
      return;
    }
    const request = { format: data.startsWith(zipped) ? 'xlsx' : 'csv', file: data };
    results = (await create(path, { ...request, dryRun: true })).data.items;
    show(request);
    byId('import-told').focus();
  }

  // What did not get its turn is sent again, as long as that brings some of it about.
  async function run() {
    const invited = new Set();
    for (let left = Infinity, complete = false; !complete;) {
      const { data } = await create(path, read);
      for (const { row, outcome } of data.items) if (outcome === 'invited') invited.add(row);
      results = data.items.map((item) => (invited.has(item.row) ? { ...item, outcome: 'invited' } : item));
      const still = data.items.filter(({ outcome }) => outcome === 'pending').length;
      complete = data.complete || still >= left;
      left = still;
    }
    over = results.every(({ outcome }) => outcome !== 'pending');
    show(read);
    byId('import-told').focus();
  }

  byId('import-back').addEventListener('click', () => {
    file.value = '';
    show(null);
    file.focus();
  });
  dialog.addEventListener('close', () => {
    const count = results.filter(({ outcome }) => outcome === 'invited').length;
    if (count > 0) imported(count);
    show(null);
  });

  // What the file can hold.

  const columns = () => [
    'familyName', 'givenName', 'email', 'phone', 'language', 'roles',
    ...(profile.resourceTypes.length > 0 ? ['resource'] : []),
    ...(profile.policies.fixedTerm ? ['validFrom', 'validTo'] : []),
    ...(profile.resourceTypes.some(({ jobTitles }) => jobTitles) ? ['defaultTask'] : []),
    ...(profile.policies.subscription ? ['subscription'] : []),
    ...(profile.policies.nationalId !== 'none' ? ['nationalId'] : []),
  ];

  function sayColumns() {
    const types = profile.resourceTypes.map(({ key }) => key);
    const hint = (column, key, filling) => (columns().includes(column)
      ? el('li', {}, say(el('span', { class: 'strong' }), `column.${column}`), ': ', say(el('span'), key, filling)) : null);
    byId('import-columns').replaceChildren(...[
      hint('roles', 'import.roles', { roles: () => named(rolesFor(everywhere).map(({ key }) => key), roleName) }),
      hint('resource', 'import.place', {
        types: () => named(types, typeName), example: () => typeName(types[0]),
        roles: () => named(profile.roles.filter(({ scopes }) => scopes.some((scope) => types.includes(scope))).map(({ key }) => key), roleName),
      }),
      hint('language', 'import.language', { languages: profile.languages.join(', ') }),
      hint('validFrom', 'import.days'),
      hint('nationalId', 'import.nationalId'),
    ].filter(Boolean));
  }
  onLanguage(sayColumns);

  // A file with the headings, in the language of the page.
  byId('import-template').addEventListener('click', () => {
    const text = `\ufeff${columns().map((column) => t(`column.${column}`)).join(';')}\r\n`;
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
    el('a', { href: address, download: 'users-template.csv' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });

  return { open };
}

const zipped = 'UEsD'; // how a zip archive, as xlsx is one, begins in base64

// What is in a file, in base64.
async function base64(file) {
  const reader = new FileReader();
  await new Promise((done, fail) => {
    [reader.onload, reader.onerror] = [done, () => fail(reader.error)];
    reader.readAsDataURL(file);
  });
  return reader.result.slice(reader.result.indexOf(',') + 1);
}

// The faults of the file as a whole, and of its headings; one tells of all columns that are missing.
function fileFaults(errors) {
  const whole = errors.filter(({ pointer }) => pointer === '/file');
  if (whole.length > 0) {
    const codes = { required: 'file-empty', 'too-long': 'file-too-large' };
    return whole.map(({ code }) => ({ name: 'file', code: codes[code] ?? code }));
  }
  const kinds = { 'value-unknown': 'column-unknown', 'value-repeated': 'column-repeated' };
  const faults = errors.filter(({ code }) => kinds[code]).map(({ pointer, code }) => (
    { name: 'file', code: kinds[code], filling: { column: letter(Number(pointer.split('/').at(-1))) } }));
  return faults.length < errors.length ? [...faults, { name: 'file', code: 'columns-missing' }] : faults;
}

// How spreadsheets call the column at an index: A, …, Z, AA, ….
const letter = (index) => (index < 26 ? '' : letter(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));
