// Docs: renders openapi.json and asyncapi.json as a page.

import { channels } from "./channels.js";
import { anchorOf, byId, card, fieldRows, make, named, said, spelled, table, verbatim } from "./elements.js";
import { clearSearch, prepareSearch } from "./search.js";
import { shapeOf } from "./shape.js";

// ---- Operations

function curl(base, path, method, operation) {
  const needsMethod = method !== "get" && (method !== "post" || operation.requestBody === undefined);
  const options = [path.endsWith("/stream") && method === "get" ? "-N " : "", needsMethod ? `-X ${method.toUpperCase()} ` : ""];
  const lines = [`curl ${options.join("")}${base}${path}`];
  if (operation.security.some((one) => "bearer" in one)) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  const examples = operation.requestBody?.content["application/json"].examples;
  if (examples) lines.push(`-d '${JSON.stringify(Object.values(examples)[0].value)}'`);
  return lines.join(" \\\n  ");
}

function parameters(operation) {
  return (operation.parameters ?? []).map((one) => [
    named(one.name, one.required),
    [`${one.in}, `, ...said(shapeOf(one.schema))],
    [one.description ?? ""],
  ]);
}

function responseRows(operation) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const lines = response.description.split("\n").map((line) => make("div", {}, line));
    return [[make("span", { class: "status" }, status)], responseShape(response), lines];
  });
}

function responseShape({ content }) {
  if (content === undefined) return ["no body"];
  const [[media, { schema }]] = Object.entries(content);
  if (media === "text/event-stream") return [`${media}: `, ...said(shapeOf(schema.contentSchema.items))];
  return media.endsWith("json") ? said(shapeOf(schema)) : [media.split(";")[0]];
}

function operationCard(base, schemas, path, method, operation) {
  const inside = [];
  if (operation.description) inside.push(make("p", {}, operation.description));
  inside.push(verbatim(curl(base, path, method, operation)));
  const ways = operation.security.map((one) => Object.keys(one)[0]);
  if (ways.length > 1) {
    const link = make("a", { href: "#authentication" }, "Authentication");
    inside.push(make("p", {}, link, `: one of ${ways.map((way) => `\`${way}\``).join(", ")}.`));
  }
  const given = parameters(operation);
  if (given.length) inside.push(make("h3", {}, "Parameters"), table(given));
  if (operation.requestBody) {
    const shape = shapeOf(operation.requestBody.content["application/json"].schema);
    const body = schemas[shape[0].name];
    inside.push(make("h3", {}, "Body: ", said(shape)), make("p", {}, body.description), table(fieldRows(body, schemas)));
  }
  inside.push(make("h3", {}, "Responses"), table(responseRows(operation)));
  return card("operation", operation.operationId, label(method, path), operation.summary, inside);
}

/** A method and a path that may break after each slash. */
function label(method, path) {
  const parts = path.split(/(?<=.\/)/).flatMap((part) => [part, document.createElement("wbr")]);
  return [make("span", { class: "method", "data-method": method }, method.toUpperCase()), " ", make("span", { class: "path" }, parts)];
}

// ---- Schemas

function eventRows(schema, schemas) {
  return Object.entries(schema.discriminator.mapping).map(([event, address]) => {
    const described = schemas[address.split("/").at(-1)];
    return [[make("code", {}, event)], said(shapeOf(described.properties.data.contentSchema)), [described.description]];
  });
}

function codeRows(schema) {
  return Object.entries(schema["x-enumDescriptions"]).map(([code, text]) => [[make("code", {}, code)], [text]]);
}

function schemaCard(name, schema, schemas) {
  let inside = make("p", {}, said(shapeOf(schema)));
  if (name === "Event") inside = table(eventRows(schema, schemas));
  else if (schema["x-enumDescriptions"]) inside = table(codeRows(schema));
  else if (schema.properties || schema.oneOf) inside = table(fieldRows(schema, schemas));
  return card("schema", anchorOf(name), make("strong", {}, name), schema.description, [inside]);
}

// ---- The page

/** cards: lists of a card and of the children of its entry in the contents. */
function section(id, title, text, cards = []) {
  const entries = cards.map(([card, children]) => make("li", {}, make("a", { href: `#${card.id}`, title: card.querySelector(".sum").textContent }, children)));
  byId("entries").append(make("section", {}, make("h2", {}, make("a", { href: `#${id}` }, title)), make("ul", {}, entries)));
  byId("reference").append(make("section", {}, make("h2", { id }, title), make("p", {}, text), cards.map(([card]) => card)));
}

function authentication(base, schemes) {
  section(
    "authentication",
    "Authentication",
    "Send a JSON Web Token: your application signs one for each user. `sub` is the user's id, and `scope` lists " +
      "its permissions. In the folder where the server runs, `lumen-notify token alice` prints a token.",
  );
  const rows = Object.entries(schemes).map(([name, way]) => [
    [make("code", {}, name)],
    [way.type === "http" ? "header `Authorization`" : `${way.in} \`${way.name}\``],
    [way.description],
  ]);
  const example = `TOKEN=$(lumen-notify token alice)\ncurl ${base}/api/v1/notifications -H "Authorization: Bearer $TOKEN"`;
  byId("reference").lastChild.append(verbatim(example), table(rows));
}

/** The schemas that only the second document has. */
function without(schemas, known) {
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => known[name] === undefined));
}

function show(reference, streams, base) {
  const { securitySchemes } = reference.components;
  const schemas = { ...reference.components.schemas, ...without(streams.components.schemas, reference.components.schemas) };
  byId("about").replaceChildren(...spelled(reference.info.description));
  byId("version").textContent = `Version ${reference.info.version} ·`;
  section("base-url", "Base URL", "Paths are relative to the address of the server:");
  byId("reference").lastChild.append(verbatim(base));
  authentication(base, securitySchemes);
  for (const { name, description } of reference.tags) {
    const cards = [];
    for (const [path, methods] of Object.entries(reference.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags[0] !== name) continue;
        cards.push([operationCard(base, schemas, path, method, operation), label(method, path.replace("/api/v1", ""))]);
      }
    }
    section(`about-${name}`, name[0].toUpperCase() + name.slice(1), description, cards);
  }
  for (const { id, title, text, example, cards } of channels(streams, schemas, base)) {
    section(id, title, text, cards);
    byId(id).nextElementSibling.after(verbatim(example));
  }
  const cards = Object.entries(schemas).map(([name, schema]) => [schemaCard(name, schema, schemas), [name]]);
  section("schemas", "Schemas", "The objects in requests, responses, frames and queues.", cards);
}

/** Scroll to the element in the URL's hash; open it, and show it whatever is searched for. */
function openNamed() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  if (target.closest("[hidden]")) clearSearch();
  if (target.tagName === "DETAILS") target.open = true;
  if (isNarrow.matches) byId("contents").open = false;
  target.scrollIntoView();
}

const isNarrow = matchMedia("(max-width: 61.99rem)");

function fitContents() {
  byId("contents").open = !isNarrow.matches;
}

async function fetched(name) {
  const answer = await fetch(new URL(name, location.href)).catch((problem) => ({ problem }));
  const problem = answer.problem?.message ?? (answer.ok ? null : `the server answered ${answer.status}`);
  if (problem !== null) throw new Error(`${name} could not be read: ${problem}.`);
  return answer.json();
}

async function read() {
  const [reference, streams] = await Promise.all([fetched("openapi.json"), fetched("asyncapi.json")]);
  show(reference, streams, new URL(reference.servers[0].url, location.href).href.replace(/\/$/, ""));
  prepareSearch();
  openNamed();
}

fitContents();
isNarrow.addEventListener("change", fitContents);
addEventListener("hashchange", openNamed);
read().catch((problem) => (byId("about").textContent = problem.message));
