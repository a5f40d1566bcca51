// Channels: renders asyncapi.json: the streams and the queues, and a card for each message.

import { card, fieldRows, make, said, table, verbatim } from "./elements.js";
import { shapeOf } from "./shape.js";

/** Describe each channel. schemas: those to which the page has links. */
export function channels(reference, schemas, base) {
  return Object.entries(reference.channels).map(([name, channel]) => ({
    id: `channel-${name}`,
    title: channel.title,
    text: channel.description ?? channel.summary,
    example: way(channel, base),
    cards: Object.entries(channel.messages).map(([key, { $ref }]) => {
      const message = reference.components.messages[$ref.split("/").at(-1)];
      return [messageCard(`${name}-${key}`, message, schemas), [message.title]];
    }),
  }));
}

/** Say how to read a stream, or where a queue is. */
function way({ address, parameters }, base) {
  if (parameters === undefined) return `curl -N ${base}${address} -H "Authorization: Bearer $TOKEN"`;
  return Object.entries(parameters).map(([name, parameter]) => `${name}: ${parameter.default}`).join("\n");
}

function messageCard(id, message, schemas) {
  const [payload] = shapeOf(message.payload);
  const inside = message.examples.map((example) => verbatim(lines(example)));
  inside.push(make("h3", {}, "Data: ", said([payload])), table(fieldRows(schemas[payload.name], schemas)));
  const event = message.headers?.properties.event.const;
  const title = [make("strong", {}, message.title), event === undefined ? "" : [" ", make("code", {}, event)]];
  return card("message", id, title.flat(), message.summary, inside);
}

/** Write an example as a server-sent event; as JSON if it is none. */
function lines({ headers, payload }) {
  if (headers === undefined) return JSON.stringify(payload, null, 2);
  const { event, id, retry } = headers;
  const fields = { retry, id, event: event === "message" ? undefined : event, data: JSON.stringify(payload) };
  const given = Object.entries(fields).filter(([, text]) => text !== undefined);
  return given.map(([field, text]) => `${field}: ${text}`).join("\n");
}
