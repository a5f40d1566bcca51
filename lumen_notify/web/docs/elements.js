// Elements: builds what the reference is made of: text with code in it, tables, and cards that open.

import { shapeOf } from "./shape.js";

export const byId = (id) => document.getElementById(id);

/** Make an element. children: elements, or strings in which `backticks` mark code. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children.flat(2)) element.append(...(typeof child === "string" ? spelled(child) : [child]));
  return element;
}

export function spelled(text) {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}

export function verbatim(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return make("pre", { tabindex: "0" }, code);
}

/** rows: lists of cells; a cell is a list of children for `make`. */
export function table(rows) {
  const lines = rows.map((cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell))));
  return make("div", { class: "wide" }, make("table", {}, lines));
}

/** A card that opens. inside: what it then shows. */
export function card(kind, id, title, sum, inside) {
  const summary = make("summary", {}, title, make("span", { class: "sum" }, sum));
  return make("details", { class: kind, id }, summary, make("div", { class: "inside" }, inside));
}

/** Describe a schema in a few words, with links to the schemas that it refers to. */
export function said(shape) {
  return shape.map((part) =>
    typeof part === "string" ? part : make("a", { href: `#${anchorOf(part.name)}` }, part.name),
  );
}

export const anchorOf = (name) => `schema-${name}`;

export function named(name, isRequired) {
  return [make("code", {}, name), isRequired ? "" : make("span", { class: "needed" }, " optional")];
}

/** Describe the fields of an object, or for several forms the fields of each. */
export function fieldRows(schema, schemas) {
  if (schema.oneOf !== undefined) {
    return schema.oneOf.map(shapeOf).map((shape) => {
      const { properties, description } = schemas[shape[0].name];
      return [said(shape), [Object.keys(properties).map((name) => `\`${name}\``).join(", ")], [description]];
    });
  }
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => [
    named(name, required.has(name)),
    said(shapeOf(field)),
    [field.description ?? ""],
  ]);
}
