// Uses types of the frames of /asyncapi.json: follows a stream until it has a notification. Prints what came.
// Arguments: the address of the server, a token of the application, a token of alice.

import type { components } from "./frames.js";

declare const process: { argv: string[]; exit(status: number): never };

type Schemas = components["schemas"];
type Named = { ready: Schemas["ReadyFrame"]; read: Schemas["MarkFrame"] | Schemas["RoomReadFrame"]; closing: Schemas["ClosingFrame"] };
type Unnamed = Schemas["NotificationFrame"] | Schemas["BundleFrame"] | Schemas["ChatFrame"];

const [url = "", application = "", alice = ""] = process.argv.slice(2);
const seen: unknown[] = [];

function named<Name extends keyof Named>(name: Name, data: string): Named[Name] {
  return JSON.parse(data);
}

async function publish(): Promise<void> {
  const body = JSON.stringify({ to: { user: "alice" }, category: "like", content: "hi" });
  const headers = { Authorization: `Bearer ${application}` };
  await fetch(`${url}/api/v1/notifications`, { method: "POST", headers, body });
}

async function take(event: string, data: string): Promise<void> {
  if (event === "ready") {
    const { replayed, unread }: Schemas["ReadyFrame"] = named("ready", data);
    seen.push(replayed, Object.keys(unread.categories));
    await publish();
  } else if (event === "message") {
    const frame: Unnamed = JSON.parse(data);
    if ("room" in frame) throw new Error(frame.data.room_id);
    const one: Schemas["Notification"] | undefined = "items" in frame.data ? frame.data.items[0] : frame.data;
    const sender: string | undefined = one?.sender.username;
    seen.push(frame.unread_count, one?.content, sender);
    console.log(JSON.stringify(seen));
    process.exit(0);
  } else if (event === "closing") {
    throw new Error(named("closing", data).reason);
  }
}

const answer = await fetch(`${url}/api/v1/notifications/stream`, { headers: { Authorization: `Bearer ${alice}` } });
let text = "";
const decoder = new TextDecoder();
for (const reader = answer.body!.getReader(); ; ) {
  const { done, value } = await reader.read();
  if (done) throw new Error("the stream has ended");
  text += decoder.decode(value, { stream: true });
  const blocks = text.split("\n\n");
  text = blocks.pop()!;
  for (const block of blocks) {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
    await take(fields["event"] ?? "message", fields["data"] ?? "{}");
  }
}
