// The company that a partner comes from: one that has partners here already, or
// one that is looked up before it is chosen.

import { askSigned } from './api.js';
import { breakable, el } from './dom.js';
import { explain } from './form.js';
import { has, onLanguage, regionName, say, written } from './texts.js';

const countries = ['FI', 'SE', 'NO', 'DK', 'IS', 'EE', 'LV', 'LT', 'PL', 'DE', 'GB'];

// Makes a fieldset with an id. known are the companies that have partners here,
// home the country to begin with.
export function companyFields(id, known, home) {
  const radio = (kind, key) => {
    const input = el('input', { type: 'radio', name: `${id}-kind`, value: kind, id: `${id}-${kind}`, checked: (kind === 'known') === known.length > 0 });
    input.addEventListener('change', react);
    return el('div', { class: 'choice', hidden: known.length === 0 }, input, say(el('label', { for: input.id }), key));
  };
  const choice = el('select', { id: `${id}-choice`, name: 'homeOrganization' },
    ...known.map(({ name, country, businessId }, i) => el('option', { value: String(i) }, `${name} · ${country} ${businessId}`)));
  const knownOnes = el('div', { class: 'field inset' }, say(el('label', { class: 'unseen', for: choice.id }), 'company.known'), choice);

  const country = el('select', { id: `${id}-country`, name: 'homeOrganization/country' });
  const offered = countries.includes(home) ? countries : [home, ...countries];
  country.append(...offered.map((code) => el('option', { value: code }, regionName(code))));
  country.value = home;
  const businessId = el('input', { id: `${id}-businessId`, name: 'homeOrganization/businessId', autocomplete: 'off', spellcheck: 'false', maxlength: '30' });
  const button = say(el('button', { type: 'button', class: 'small-button', id: `${id}-look-up` }), 'company.lookUp');
  const outcome = el('div', { class: 'looked-up', id: `${id}-outcome`, 'aria-live': 'polite' });
  const other = el('div', { class: known.length > 0 ? 'inset' : '' },
    el('div', { class: 'pair' },
      el('div', { class: 'field' }, say(el('label', { for: country.id }), 'field.nationalIdCountry'), country),
      el('div', { class: 'field' }, say(el('label', { for: businessId.id }), 'company.businessId'), businessId)),
    button, outcome);
  const node = el('fieldset', { class: 'field company', id }, say(el('legend'), 'company.title'),
    radio('known', 'company.known'), knownOnes, radio('other', 'company.other'), other);

  let found = null; // what the look-up gave for what is typed now
  let asked = 0;

  const chosen = () => node.querySelector('[type=radio]:checked').value;

  function react() {
    [knownOnes.hidden, other.hidden] = [chosen() !== 'known', chosen() !== 'other'];
  }
  react();

  function forget() {
    asked++;
    found = null;
    outcome.replaceChildren();
    node.removeAttribute('aria-busy');
  }
  country.addEventListener('change', forget);
  businessId.addEventListener('input', forget);

  async function lookUp() {
    forget();
    const own = asked;
    const typed = businessId.value.trim();
    if (!typed) {
      tell('error.required');
      return;
    }
    node.setAttribute('aria-busy', 'true');
    try {
      const { data } = await askSigned('GET', `/v1/registry/${country.value}/${encodeURIComponent(typed)}`);
      if (own !== asked) return; // something else was typed meanwhile
      found = data;
      outcome.replaceChildren(shown(data));
    } catch (problem) {
      if (own === asked) refuse(problem);
    } finally {
      if (own === asked) node.removeAttribute('aria-busy');
    }
  }

  const tell = (key) => outcome.replaceChildren(say(el('p', { class: 'notice bad', 'data-testid': 'company-refused' }), key));

  function refuse(problem) {
    const code = problem.errors?.[0]?.code;
    if (code && has(`error.${code}`)) {
      tell(`error.${code}`);
      return;
    }
    const [text, reference] = [el('p', { class: 'notice bad', 'data-testid': 'company-refused' }), el('p', { class: 'small' })];
    explain(problem, text, reference);
    outcome.replaceChildren(text, reference);
  }

  button.addEventListener('click', lookUp);
  businessId.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // it would send the form
    lookUp();
  });
  onLanguage(() => { // the names of the countries
    for (const option of country.options) option.textContent = regionName(option.value);
  });

  return {
    node,
    faults() {
      if (chosen() === 'known' || found) return [];
      return [{ name: businessId.name, code: businessId.value.trim() ? 'look-up-first' : 'required' }];
    },
    // The company as the API takes it.
    read() {
      const { country: of, businessId: number } = chosen() === 'known' ? known[Number(choice.value)] : found;
      return { country: of, businessId: number };
    },
  };
}

// What is known of a company, for who is about to choose it.
function shown({ country, businessId, organization, company }) {
  const fact = (key, ...content) => el('div', {}, say(el('dt'), key), el('dd', {}, ...content));
  const id = fact('company.businessId', `${country} ${businessId}`);
  if (organization) {
    return el('div', { class: 'notice', 'data-testid': 'company-known' }, el('p', { class: 'strong' }, ...breakable(organization.name)),
      el('dl', {}, id), say(el('p', { class: 'small' }), 'company.inPortal'));
  }
  const { name, form, address, status, register, fetchedAt } = company;
  const place = [...address.lines, `${address.postalCode} ${address.city}`.trim()].filter(Boolean).join(', ');
  return el('div', { class: 'notice', 'data-testid': 'company-registered' }, el('p', { class: 'strong' }, ...breakable(name)),
    el('dl', {}, id,
      form.text || form.code ? fact('company.form', form.text || form.code) : null,
      place ? fact('company.address', place) : null,
      fact('company.status', say(el('span', { class: status === 'active' ? '' : 'warning' }), `company.${status}`))),
    say(el('p', { class: 'small' }), 'company.source', { register, when: () => written(new Date(fetchedAt)) }));
}
