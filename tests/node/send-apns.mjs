// Sends notifications with node-apn: reads {"options", "device", "notifications"} of JSON, prints what became of each.
import { text } from "node:stream/consumers";
import apn from "@parse/node-apn";

const { options, device, notifications } = JSON.parse(await text(process.stdin));
const provider = new apn.Provider(options);
const results = [];
for (const fields of notifications) {
  const { sent, failed } = await provider.send(Object.assign(new apn.Notification(), fields), device);
  results.push(sent.length === 1 ? "sent" : failed[0].response?.reason ?? String(failed[0].error));
}
console.log(JSON.stringify(results));
await provider.shutdown();
