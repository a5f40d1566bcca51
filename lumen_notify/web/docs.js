// Docs: renders openapi.json as a page.

import { shapeOf } from "./shape.js";

const byId = (id) => document.getElementById(id);

/** Make an element. children: elements, or strings in which `backticks` mark code. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children.flat()) element.append(...(typeof child === "string" ? spelled(child) : [child]));
  return element;
}

function spelled(text) {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}

function verbatim(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return make("pre", { tabindex: "0" }, code);
}

/** rows: lists of cells; a cell is a list of children for `make`. */
function table(rows) {
  const lines = rows.map((cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell))));
  return make("div", { class: "wide" }, make("table", {}, lines));
}

/** Describe a schema in a few words, with links to the schemas that it refers to. */
function said(shape) {
  return shape.map((part) =>
    typeof part === "string" ? part : make("a", { href: `#${anchorOf(part.name)}` }, part.name),
  );
}

const anchorOf = (name) => `schema-${name}`;

// ---- Operations

function curl(base, path, method, operation) {
  const lines = [`curl ${method === "get" || method === "post" ? "" : `-X ${method.toUpperCase()} `}${base}${path}`];
  if (operation.security?.some((one) => "bearer" in one)) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  if (path.endsWith("/stream")) lines[0] = lines[0].replace("curl ", "curl -N ");
  const examples = operation.requestBody?.content["application/json"].examples;
  if (examples) lines.push(`-d '${JSON.stringify(Object.values(examples)[0].value)}'`);
  else if (method === "post") lines[0] = lines[0].replace("curl ", "curl -X POST ");
  return lines.join(" \\\n  ");
}

function parameters(operation) {
  return (operation.parameters ?? []).map((one) => [
    [make("code", {}, one.name), one.required ? "" : make("span", { class: "needed" }, " optional")],
    [`${one.in}, `, ...said(shapeOf(one.schema))],
    [one.description ?? ""],
  ]);
}

function answers(operation) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const [media, { schema }] = Object.entries(response.content)[0];
    const isProblem = media === "application/problem+json";
    const lines = response.description.split("\n").map((line) => make("div", {}, line));
    const shape = isProblem ? [{ name: "Problem" }] : shapeOf(schema);
    const plain = media === "application/json" || isProblem ? [] : [`${media.split(";")[0]}: `];
    return [[make("span", { class: "status" }, status)], [...plain, ...said(shape)], lines];
  });
}

function operationCard(base, schemas, path, method, operation) {
  const card = make("details", { class: "operation", id: operation.operationId });
  card.append(
    make(
      "summary",
      {},
      make("span", { class: "method", "data-method": method }, method.toUpperCase()),
      " ",
      make("span", { class: "path" }, path),
      make("span", { class: "sum" }, operation.summary),
    ),
  );
  const inside = make("div", { class: "inside" });
  if (operation.description) inside.append(make("p", {}, operation.description));
  const ways = operation.security.map((one) => Object.keys(one)[0]);
  if (ways.length > 1) inside.append(make("p", {}, `Credentials: ${ways.map((way) => `\`${way}\``).join(", ")}; see `, make("a", { href: "#about-credentials" }, "credentials"), "."));
  const given = parameters(operation);
  if (given.length) inside.append(make("h3", {}, "Parameters"), table(given));
  if (operation.requestBody) {
    const { schema } = operation.requestBody.content["application/json"];
    const shape = shapeOf(schema);
    const body = schemas[shape[0].name];
    inside.append(make("h3", {}, "Body: ", said(shape)), make("p", {}, body.description), table(fieldRows(body)));
  }
  inside.append(make("h3", {}, "Answers"), table(answers(operation)));
  inside.append(make("h3", {}, "By hand"), verbatim(curl(base, path, method, operation)));
  card.append(inside);
  return card;
}

// ---- Schemas

function fieldRows(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => [
    [make("code", {}, name), required.has(name) ? "" : make("span", { class: "needed" }, " optional")],
    said(shapeOf(field)),
    [field.description ?? ""],
  ]);
}

function eventRows(schema) {
  return schema.oneOf.map((event) => [
    [make("code", {}, event.title)],
    said(shapeOf(event.properties.data.contentSchema)),
    [event.description],
  ]);
}

function codeRows(schema) {
  return Object.entries(schema["x-enumDescriptions"]).map(([code, text]) => [[make("code", {}, code)], [text]]);
}

function schemaCard(name, schema) {
  const card = make("details", { class: "schema", id: anchorOf(name) });
  card.append(make("summary", {}, make("strong", {}, name), make("span", { class: "sum" }, schema.description ?? "")));
  const inside = make("div", { class: "inside" });
  if (name === "Event") inside.append(table(eventRows(schema)));
  else if (schema.properties) inside.append(table(fieldRows(schema)));
  else inside.append(make("p", {}, said(shapeOf(schema))));
  if (name === "ProblemCode") inside.append(make("h3", {}, "Codes"), table(codeRows(schema)));
  card.append(inside);
  return card;
}

// ---- The page

function section(name, text, cards) {
  const id = `about-${name}`;
  const entries = cards.map(([card, label]) => make("li", {}, make("a", { href: `#${card.id}` }, label)));
  byId("contents").append(make("h2", {}, make("a", { href: `#${id}` }, name)), make("ul", {}, entries));
  byId("reference").append(make("h2", { id }, name), make("p", {}, text), ...cards.map(([card]) => card));
}

function show(reference, base) {
  byId("about").replaceChildren(...spelled(reference.info.description));
  byId("version").textContent = `Version ${reference.info.version} ·`;
  for (const { name, description } of reference.tags) {
    const cards = [];
    for (const [path, methods] of Object.entries(reference.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags[0] === name) cards.push([operationCard(base, reference.components.schemas, path, method, operation), operation.summary]);
      }
    }
    section(name, description, cards);
  }
  const { securitySchemes, schemas } = reference.components;
  section("credentials", "How a request says who asks.", []);
  const ways = Object.entries(securitySchemes).map(([name, way]) => [
    [make("code", {}, name)],
    [way.type === "http" ? "header `Authorization`" : `${way.in} \`${way.name}\``],
    [way.description],
  ]);
  byId("reference").append(table(ways));
  section(
    "schemas",
    "What is sent and answered.",
    Object.entries(schemas).map(([name, schema]) => [schemaCard(name, schema), name]),
  );
}

/** Scroll to the element in the URL's hash; open the closed sections around it. */
function openNamed() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

async function read() {
  const address = new URL("openapi.json", location.href);
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const reference = await answer.json();
  show(reference, new URL(reference.servers[0].url, address).href.replace(/\/$/, ""));
  openNamed();
}

addEventListener("hashchange", openNamed);
read().catch((problem) => (byId("about").textContent = `openapi.json could not be read: ${problem.message}.`));
