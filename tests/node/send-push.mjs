// Sends a push with web-push: reads {"subscription", "payload", "options"} of JSON, prints the status of the answer.
import { text } from "node:stream/consumers";
import webpush from "web-push";

const { subscription, payload, options } = JSON.parse(await text(process.stdin));
try {
  const { statusCode } = await webpush.sendNotification(subscription, payload, options);
  console.log(statusCode);
} catch (error) {
  console.log(error.statusCode ?? error.message);
}
