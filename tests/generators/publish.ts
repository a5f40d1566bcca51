// Uses types of openapi-typescript: publishes, marks, lists, and sends a message to a room. Prints what came of it.
// Arguments: the address of the server, a token of the application, a token of alice.

import createClient from "openapi-fetch";

import type { components, paths } from "./lumen.js";

declare const process: { argv: string[] };

type Schemas = components["schemas"];

const [url = "", application = "", alice = ""] = process.argv.slice(2);

const of = (token: string) => createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

function done<Data>({ data, error }: { data?: Data; error?: Schemas["Problem"] }): Data {
  if (data === undefined) throw new Error(error?.detail);
  return data;
}

const body: Schemas["PublicationBody"] = { to: { user: "alice" }, category: "like", content: "hi", data: { photo: 7 } };
const published = done(await of(application).POST("/api/v1/notifications", { body }));
if (!("recipients" in published)) throw new Error("a batch");

const page = done(await of(alice).GET("/api/v1/notifications", { params: { query: { limit: 5 } } }));
const contents: string[] = page.items.map((item) => item.content);

const mark: Schemas["MarkBody"] = { all: true };
const marked = done(await of(alice).POST("/api/v1/notifications/read", { body: mark }));

const id = (done(await of(alice).POST("/api/v1/rooms", { body: { title: "Tea" } })) as Schemas["Room"]).id;
const sent = done(
  await of(alice).POST("/api/v1/rooms/{id}/messages", { params: { path: { id } }, body: { content: "Tea?" } }),
);

const refused = await of(alice).POST("/api/v1/notifications", { body: { ...body, to: { user: "bob" } } });
const code: Schemas["Problem"]["code"] | undefined = refused.error?.code;

console.log(JSON.stringify([published.recipients, contents, marked.unread_count, sent.seq, code]));
