// Making elements. Text is always text: nothing that comes from outside is read as HTML.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export const html = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

export const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

function fill(element, attributes = {}, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A message that goes away by itself.
export function notice(text, kind = "problem") {
  const line = html("p", { class: `notice ${kind}` }, text);
  byId("notices").append(line);
  setTimeout(() => line.remove(), 7000);
}
