// Follows a stream with one of the client libraries: node follow.mjs LIBRARY URL. Prints each event as a line of JSON:
// its name and its data.
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSource } from "eventsource";
import reconnecting from "reconnecting-eventsource";

const [library, url] = process.argv.slice(2);
const NAMES = ["ready", "message", "closing", "reset"];
const show = (name, data) => console.log(JSON.stringify([name, JSON.parse(data)]));

setInterval(() => {}, 1000); // a source that waits to come back is no reason for Node not to end

if (library === "fetch-event-source") {
  // It is for browsers.
  globalThis.window = globalThis;
  globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
  const follow = () =>
    fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: ({ event, data }) => show(event || "message", data),
      // By default it stops after a stream that has ended in good order.
      onclose() {
        throw new Error("come back");
      },
      onerror() {},
    });
  await follow();
} else {
  globalThis.EventSource = EventSource;
  const Source = library === "eventsource" ? EventSource : (reconnecting.default ?? reconnecting);
  const source = new Source(url);
  for (const name of NAMES) source.addEventListener(name, (event) => show(name, event.data));
}
