// Elements. Text is only ever set as text, never as markup.

export const byId = (id) => document.getElementById(id);

// Makes an element with attributes and children; null children are left out.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && typeof value === 'boolean') node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// A text as nodes, in which an e-mail address breaks only where it is too long
// for a line: before its @ first, then before dots.
export function breakable(text) {
  const half = (part) => el('span', {}, ...part.split(/(?=\.\S)/).flatMap((piece, i) => (i === 0 ? piece : [el('wbr'), piece])));
  const address = (word) => el('span', { class: 'address' }, ...word.split(/(?=@)/).map(half));
  return text.split(/(\S+@\S+)/).map((part) => (part.includes('@') ? address(part) : part));
}

const shapes = {
  envelope: ['M3 6h18v12H3z', 'm3 7 9 6 9-6'],
  key: ['M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'm11 12 8-8m-3 3 3 3'],
  pencil: ['M4 20l1-5L16 4l4 4L9 19z', 'm13 7 4 4'],
  places: ['M12 21s7-6.2 7-11a7 7 0 0 0-14 0c0 4.8 7 11 7 11z', 'M12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z'],
  lock: ['M5 11h14v9H5z', 'M8 11V8a4 4 0 0 1 8 0v3'],
  back: ['M4 10h10a5 5 0 0 1 0 10H9', 'm8 6-4 4 4 4'],
  minus: ['M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z', 'M8 12h8'],
  bin: ['M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13', 'M10 11v6m4-6v6'],
};

// Draws an icon; whoever shows it says in text what it means.
export function icon(shape) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of shapes[shape]) {
    const path = document.createElementNS(svg.namespaceURI, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
