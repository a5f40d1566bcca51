// Drawing: SVG elements, and the icons of this page.

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Paths in a box of 24, drawn as lines. */
const GLYPHS = {
  overview: "M4 19V5M4 19h16M8 15l4-5 3 3 5-7",
  users: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6M18 14a6.5 6.5 0 0 1 3.5 6",
  send: "M4 12l16-8-6 16-3-7z",
  scheduled: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2",
  rooms: "M4 5h16v11H10l-5 4v-4H4z",
  categories: "M4 4h7l9 9-7 7-9-9zM8 8h.01",
  push: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1M11 18h2",
  audit: "M7 3h10a1 1 0 0 1 1 1v17l-3-2-3 2-3-2-3 2V4a1 1 0 0 1 1-1M9 8h6M9 12h6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l4.5 4.5",
  warning: "M12 4L2.5 20h19zM12 10v4M12 17h.01",
  next: "M9 5l7 7-7 7",
  stop: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M9 9l6 6M15 9l-6 6",
};

/** Make an icon, hidden from screen readers. */
export function glyph(name) {
  return draw("svg", {
    viewBox: "0 0 24 24", width: "20", height: "20", fill: "none", stroke: "currentColor", "stroke-width": "1.7",
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  }, draw("path", { d: GLYPHS[name] }));
}
