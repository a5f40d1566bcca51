// Channels: renders asyncapi.json: the streams, and a card for each message.

import { card, fieldRows, make, said, table, verbatim } from "./elements.js";
import { shapeOf } from "./shape.js";

/** Describe each channel. schemas: those of openapi.json, to which the page has links. */
export function channels(reference, schemas, base) {
  return Object.entries(reference.channels).map(([name, channel]) => ({
    id: `channel-${name}`,
    title: channel.title,
    text: channel.description ?? channel.summary,
    example: `curl -N ${base}${channel.address} -H "Authorization: Bearer $TOKEN"`,
    cards: Object.entries(channel.messages).map(([key, { $ref }]) => {
      const message = reference.components.messages[$ref.split("/").at(-1)];
      return [messageCard(`${name}-${key}`, message, schemas), [message.title]];
    }),
  }));
}

function messageCard(id, message, schemas) {
  const [payload] = shapeOf(message.payload);
  const inside = message.examples.map((example) => verbatim(lines(example)));
  inside.push(make("h3", {}, "Data: ", said([payload])), table(fieldRows(schemas[payload.name], schemas)));
  const { event } = message.headers.properties;
  const title = [make("strong", {}, message.title), " ", make("code", {}, event.const)];
  return card("message", id, title, message.summary, inside);
}

/** Write an example as a server-sent event. */
function lines({ headers, payload }) {
  const { event, id, retry } = headers;
  const fields = { retry, id, event: event === "message" ? undefined : event, data: JSON.stringify(payload) };
  const given = Object.entries(fields).filter(([, text]) => text !== undefined);
  return given.map(([field, text]) => `${field}: ${text}`).join("\n");
}
