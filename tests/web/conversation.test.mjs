// Conversation: sends and their frames, gaps, edits, both ends of the history, members, and the end of a membership.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { deferred, FakeClient, Refusal, settle } from "./fake_client.mjs";
import { Conversation } from "../../lumen_notify/web/client/lumen-store.js";

const bob = { id: "bob", username: "Bob", avatar: null };
const alice = { id: "alice", username: "Alice", avatar: null };
const message = (seq, fields = {}) => ({
  id: `m${seq}`, room_id: "tea", seq, sender: bob, kind: "text", content: `text ${seq}`, created_at: "2026", ...fields,
});

/** A server with one room: history as the API pages it. */
class Tea {
  messages = [];
  members = [{ user_id: "alice", role: "member", last_read_seq: 0 }, { user_id: "bob", role: "owner", last_read_seq: 0 }];
  online = [{ user: { id: "bob" }, status: "online", devices: ["mobile"], last_seen_at: null }];
  role = "member";
  read = 0;

  constructor(count) {
    for (let seq = 1; seq <= count; seq += 1) this.messages.push(message(seq));
    this.client = new FakeClient({
      room: () => ({
        id: "tea", kind: "public", title: "Tea", members_count: 2, last_seq: this.messages.length, role: this.role,
        last_read_seq: this.read, unread: this.messages.length - this.read,
      }),
      messages: (_, options) => this.page(options),
      members: () => ({ items: this.members, next_cursor: null }),
      presence: () => ({ items: this.online, next_cursor: null }),
      markRoomRead: (_, upTo) => ({ last_read_seq: (this.read = upTo), unread: this.messages.length - upTo }),
      send: (_, { content, client_id }) => this.add(content, { client_id, sender: alice }),
      typing: {},
    });
  }

  page({ before, after, around, limit }) {
    const half = Math.floor(limit / 2);
    const end = this.messages.length;
    let [from, to] = [end - limit, end];
    if (before !== undefined) [from, to] = [before - 1 - limit, before - 1];
    if (after !== undefined) [from, to] = [after, after + limit];
    if (around !== undefined) [from, to] = [around - 1 - half, around - 1 - half + limit];
    const isMore = after !== undefined ? to < end : from > 0;
    return { items: this.messages.slice(Math.max(0, from), Math.max(0, to)), next_cursor: isMore ? "more" : null };
  }

  add(content, fields = {}) {
    const added = message(this.messages.length + 1, { content, ...fields });
    this.messages.push(added);
    return { id: added.id, seq: added.seq, position: added.seq };
  }

  fire(sent, fields = {}) {
    this.client.fire("message", { type: "chat", position: sent.seq, room: { id: "tea", unread: 1 }, data: sent, ...fields });
  }

  /** Another member sends a message; its frame comes. */
  say(content, fields) {
    this.add(content, fields);
    this.fire(this.messages.at(-1));
  }
}

async function opened(count, { around, limit = 10 } = {}) {
  const tea = new Tea(count);
  const conversation = new Conversation(tea.client, "tea", { limit });
  await conversation.load({ around });
  return { tea, client: tea.client, conversation };
}

const seqs = ({ messages }) => messages.map(({ seq }) => seq);
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

test("the newest messages are loaded, older ones on demand, and new ones follow", async () => {
  const { tea, conversation } = await opened(25);
  assert.deepEqual(seqs(conversation), range(16, 25));
  assert.deepEqual([conversation.hasOlder, conversation.hasNewer], [true, false]);
  await Promise.all([conversation.loadOlder(), conversation.loadOlder()]);
  await conversation.loadOlder();
  tea.say("new");
  tea.fire(tea.messages.at(-1));
  assert.deepEqual(seqs(conversation), range(1, 26));
  assert.deepEqual([conversation.hasOlder, conversation.messages.at(-1).status], [false, "sent"]);
});

test("the part around a message is loaded, and both ends from there", async () => {
  const { tea, conversation } = await opened(40, { around: 20 });
  assert.deepEqual(seqs(conversation), range(15, 24));
  assert.deepEqual([conversation.hasOlder, conversation.hasNewer], [true, true]);
  tea.say("far away");
  assert.deepEqual(seqs(conversation), range(15, 24));
  while (conversation.hasNewer) await conversation.loadNewer();
  assert.deepEqual(seqs(conversation), range(15, 41));
  tea.say("near");
  assert.equal(conversation.messages.at(-1).content, "near");
});

test("messages that come while newer ones are fetched leave no hole", async () => {
  const { tea, conversation } = await opened(24, { around: 10 });
  const loading = conversation.loadNewer();
  tea.say("meanwhile");
  await loading;
  while (conversation.hasNewer) await conversation.loadNewer();
  assert.deepEqual(seqs(conversation), range(5, 25));
});

for (const order of ["response", "frame"]) {
  test(`a message that is sent is one message if the ${order} comes first`, async () => {
    const { tea, client, conversation } = await opened(3);
    const answer = deferred();
    client.answers.send = () => answer.promise;
    const sending = conversation.send("hi", { reply_to: 2 });
    const [waiting] = conversation.messages.slice(-1);
    assert.deepEqual([waiting.status, waiting.content, waiting.seq, waiting.reply_to.id], ["sending", "hi", null, "m2"]);
    const said = tea.add("hi", { client_id: waiting.client_id, sender: alice });
    if (order === "frame") tea.fire(tea.messages.at(-1));
    answer.resolve(said);
    const sent = await sending;
    assert.deepEqual([sent.seq, sent.status], [4, "sent"]);
    if (order === "response") tea.fire(tea.messages.at(-1));
    assert.deepEqual(seqs(conversation), range(1, 4));
    assert.equal(conversation.messages.at(-1).created_at, "2026");
    assert.equal(conversation.room.last_read_seq, 4);
  });
}

test("a response before the frames of earlier messages waits for them", async () => {
  const { tea, conversation } = await opened(3);
  tea.add("of bob");
  await conversation.send("of alice");
  assert.deepEqual(seqs(conversation), [1, 2, 3, 5]);
  tea.fire(tea.messages[3]);
  tea.fire(tea.messages[4]);
  assert.deepEqual(seqs(conversation), range(1, 5));
});

test("a message that failed is sent again with its client_id, or discarded", async () => {
  const { client, conversation } = await opened(1);
  const works = client.answers.send;
  client.answers.send = () => {
    throw new Refusal(503);
  };
  const failed = await conversation.send("hi", { data: { a: 1 } });
  assert.deepEqual([failed.status, failed.problem.status], ["failed", 503]);
  client.answers.send = works;
  const sent = await conversation.resend(failed);
  assert.deepEqual([sent.status, sent.seq], ["sent", 2]);
  const bodies = client.calls.filter(([name]) => name === "send").map(([, , body]) => body);
  assert.deepEqual(bodies[0], bodies[1]);
  client.answers.send = () => {
    throw new Refusal(403);
  };
  conversation.discard(await conversation.send("no"));
  assert.deepEqual(seqs(conversation), [1, 2]);
});

test("a message whose response was lost is sent once its frame comes", async () => {
  const { tea, client, conversation } = await opened(1);
  client.answers.send = (_, { content, client_id }) => {
    tea.add(content, { client_id, sender: alice });
    throw new Refusal(0);
  };
  await conversation.send("hi");
  tea.fire(tea.messages.at(-1));
  assert.deepEqual(conversation.messages.map(({ status }) => status), ["sent", "sent"]);
});

test("edits and deletions are taken over, but no older version", async () => {
  const { client, conversation } = await opened(3);
  client.fire("message_edited", { data: message(2, { content: "newer", edited_at: "2026-02" }) });
  client.fire("message_edited", { data: message(2, { content: "older", edited_at: "2026-01" }) });
  client.fire("message_deleted", { data: message(3, { content: "", deleted_at: "2026-02" }) });
  client.fire("message_edited", { data: message(3, { room_id: "other", edited_at: "2027" }) });
  assert.deepEqual(conversation.messages.map(({ content }) => content), ["text 1", "newer", ""]);
});

test("an edit that comes while older messages are fetched is kept", async () => {
  const { tea, client, conversation } = await opened(15);
  const page = tea.page({ before: 6, limit: 10 });
  const answer = deferred();
  client.answers.messages = () => answer.promise;
  const loading = conversation.loadOlder();
  await settle();
  client.fire("message_edited", { data: message(2, { content: "edited", edited_at: "2026-02" }) });
  answer.resolve(page);
  await loading;
  assert.equal(conversation.messages[1].content, "edited");
});

test("own edits and deletions show when the server has them", async () => {
  const { client, conversation } = await opened(2);
  client.answers.edit = () => message(1, { content: "edited", edited_at: "2026-02" });
  await conversation.edit(conversation.messages[0], "edited");
  client.answers.remove = null;
  await conversation.remove(conversation.messages[1]);
  assert.deepEqual(conversation.messages.map(({ content }) => content), ["edited", ""]);
  assert.ok(conversation.messages[1].deleted_at);
});

test("a reset shows what was missed without a hole, and edits in the part that is shown", async () => {
  const { tea, client, conversation } = await opened(25);
  await conversation.loadOlder();
  for (let count = 0; count < 120; count += 1) tea.add("missed");
  tea.messages[7] = message(8, { content: "edited" });
  client.fire("reset", { reason: "trimmed" });
  await settle();
  assert.deepEqual(seqs(conversation), range(6, 145));
  assert.equal(conversation.messages[2].content, "edited");
});

test("of very many missed messages the newest are shown", async () => {
  const { tea, client, conversation } = await opened(5);
  for (let count = 0; count < 1_000; count += 1) tea.add("missed");
  client.fire("ready", { recovered: false, replayed: 0 });
  await settle();
  assert.deepEqual(seqs(conversation), range(996, 1005));
  assert.deepEqual([conversation.hasOlder, conversation.hasNewer], [true, false]);
});

test("a frame after a hole refetches", async () => {
  const { tea, conversation } = await opened(5);
  tea.add("its frame is lost");
  tea.say("next");
  await settle();
  assert.deepEqual(seqs(conversation), range(1, 7));
});

test("frames that meet the first fetch are applied to it", async () => {
  const tea = new Tea(3);
  const answer = deferred();
  tea.client.answers.messages = () => answer.promise;
  const conversation = new Conversation(tea.client, "tea");
  const loading = conversation.load();
  await settle();
  const page = tea.page({ limit: 50 });
  tea.say("meanwhile");
  answer.resolve(page);
  await loading;
  assert.deepEqual(seqs(conversation), range(1, 4));
});

test("a reset during the first fetch does not lose the message that was asked for", async () => {
  const tea = new Tea(500);
  const answer = deferred();
  tea.client.answers.room = () => answer.promise;
  const conversation = new Conversation(tea.client, "tea");
  conversation.load({ around: 100 });
  await settle();
  tea.client.answers.room = () => ({ id: "tea", kind: "public", role: "member", last_seq: 500, last_read_seq: 0, unread: 500 });
  tea.client.fire("reset", { reason: "trimmed" });
  await settle();
  assert.deepEqual([conversation.messages[0].seq, conversation.hasNewer], [75, true]);
});

test("a conversation open for a week stays small, and either end can be had again", async () => {
  const { tea, conversation } = await opened(20);
  for (let count = 0; count < 700; count += 1) tea.say("more");
  assert.equal(conversation.messages.length, 300);
  assert.deepEqual([conversation.hasOlder, conversation.messages[0].seq], [true, 421]);
  await conversation.loadOlder();
  assert.deepEqual([conversation.messages.length, conversation.hasNewer], [300, true]);
  await conversation.loadNewer();
  assert.deepEqual(seqs(conversation), range(421, 720));
});

test("a room is marked as read only if that changes anything", async () => {
  const { client, tea, conversation } = await opened(3);
  await Promise.all([conversation.markRead(), conversation.markRead()]);
  await conversation.markRead();
  assert.equal(client.called("markRoomRead"), 1);
  assert.deepEqual([conversation.room.unread, conversation.room.last_read_seq], [0, 3]);
  tea.say("new");
  client.answers.markRoomRead = () => {
    throw new Refusal(503);
  };
  await conversation.markRead();
  await conversation.markRead();
  assert.equal(client.called("markRoomRead"), 3);
});

test("typing ends by itself, by a message and by a reconnect", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { tea, client, conversation } = await opened(1);
  const type = (user, isTyping = true, room = "tea") =>
    client.fire("typing", { room_id: room, user, is_typing: isTyping });
  const names = () => conversation.typing.map(({ id }) => id).join();
  type(bob);
  type(alice);
  type({ id: "carol" }, true, "other");
  assert.equal(names(), "bob");
  mock.timers.tick(9_000);
  type(bob);
  mock.timers.tick(9_000);
  assert.equal(names(), "bob");
  mock.timers.tick(1_000);
  assert.equal(names(), "");
  type(bob);
  tea.say("done");
  assert.equal(names(), "");
  type(bob);
  type(bob, false);
  assert.equal(names(), "");
  type(bob);
  client.fire("ready", { recovered: true, replayed: 0 });
  assert.equal(names(), "");
});

test("members, read marks and presence follow", async () => {
  const { tea, client, conversation } = await opened(3);
  const presence = (id) => conversation.presence.get(id);
  assert.deepEqual([...conversation.presence].map(([id, { status }]) => [id, status]), [["bob", "online"]]);
  const changes = [];
  conversation.addEventListener("presence", () => changes.push(presence("bob").status));
  client.fire("presence", { user: { id: "bob" }, status: "offline", last_seen_at: "2026" });
  client.fire("presence", { user: { id: "bob" }, status: "offline", last_seen_at: "2026" });
  client.fire("presence", { user: { id: "nobody here" }, status: "online", last_seen_at: null });
  assert.deepEqual([...conversation.presence.keys()], ["bob"]);
  assert.deepEqual(presence("bob"), { status: "offline", devices: [], last_seen_at: "2026" });
  assert.deepEqual(changes, ["offline"]);
  client.fire("presence", { user: { id: "bob" }, status: "online", last_seen_at: null });
  assert.deepEqual(presence("bob"), { status: "online", devices: [], last_seen_at: null });
  client.fire("read", { room: { id: "tea", unread: 3 }, data: { room_id: "tea", user_id: "bob", up_to: 2 } });
  tea.say("bob reads what he writes");
  assert.equal(conversation.readMarks.get("bob"), 4);
  const member = (change, user, role, count) =>
    client.fire("member", { data: { room_id: "tea", change, members: [{ user_id: user, role }], changed: 1, members_count: count } });
  tea.members.push({ user_id: "carol", role: "member", last_read_seq: 4 });
  member("joined", "carol", "member", 3);
  await settle();
  assert.equal(conversation.readMarks.get("carol"), 4);
  member("role", "alice", "moderator", 3);
  assert.equal(conversation.room.role, "moderator");
  member("removed", "carol", null, 2);
  assert.deepEqual(conversation.members.map(({ user_id: id }) => id), ["alice", "bob"]);
  client.fire("room", { data: { room_id: "tea", title: "Coffee" } });
  assert.deepEqual([conversation.room.title, conversation.room.members_count], ["Coffee", 2]);
});

test("the end of a membership is said, and a new one loads again", async () => {
  const { tea, client, conversation } = await opened(2);
  const reasons = [];
  conversation.addEventListener("left", ({ detail }) => reasons.push(detail.reason));
  client.fire("left", { data: { room_id: "tea", reason: "banned" } });
  assert.deepEqual([reasons, conversation.leftReason, conversation.room.role], [["banned"], "banned", null]);
  conversation.setTyping(true);
  await conversation.markRead();
  assert.equal(client.called("typing") + client.called("markRoomRead"), 0);
  tea.add("meanwhile");
  client.fire("joined", { data: { room_id: "tea", role: "member" } });
  await settle();
  assert.deepEqual([conversation.leftReason, ...seqs(conversation)], [null, 1, 2, 3]);
});

test("a membership that ended during an outage is noticed", async () => {
  const { client, conversation } = await opened(2);
  client.answers.room = () => {
    throw new Refusal(404);
  };
  client.fire("reset", { reason: "epoch" });
  await settle();
  assert.deepEqual([conversation.leftReason, conversation.problem.status], ["removed", 404]);
});

test("a public room that the user has not joined is loaded without messages", async () => {
  const tea = new Tea(5);
  tea.role = null;
  const conversation = new Conversation(tea.client, "tea");
  await conversation.load();
  assert.deepEqual([conversation.isLoaded, conversation.messages.length, tea.client.called("messages")], [true, 0, 0]);
  tea.role = "member";
  tea.client.fire("joined", { data: { room_id: "tea", role: "member" } });
  await settle();
  assert.equal(conversation.messages.length, 5);
});

test("members that cannot be fetched are asked for again after a wait, whatever else can be", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const tea = new Tea(3);
    tea.client.answers.members = () => {
      throw new Refusal(500);
    };
    const conversation = new Conversation(tea.client, "tea");
    await conversation.load();
    for (let turns = 0; turns < 20; turns += 1) await settle();
    assert.deepEqual([conversation.isLoaded, tea.client.called("members")], [true, 1]);
    for (const calls of [2, 3]) {
      mock.timers.tick(30_000);
      await settle();
      assert.equal(tea.client.called("members"), calls);
    }
    tea.client.answers.members = { items: tea.members, next_cursor: null };
    mock.timers.tick(30_000);
    await settle();
    assert.equal(conversation.members.length, 2);
    mock.timers.tick(60_000);
    await settle();
    assert.equal(tea.client.called("members"), 4);
    conversation.close();
  } finally {
    mock.timers.reset();
  }
});

test("nothing of a user is shown or sent to the next one", async () => {
  const tea = new Tea(3);
  tea.client.answers.send = () => {
    throw new Refusal(0);
  };
  const conversation = new Conversation(tea.client, "tea");
  await conversation.load();
  const failed = await conversation.send("not sent");
  assert.equal(conversation.messages.length, 4);
  tea.client.user = { id: "carol", name: "Carol", avatar: null };
  tea.client.dispatchEvent(new Event("user"));
  assert.deepEqual([conversation.room, conversation.messages, conversation.members], [null, [], []]);
  assert.equal((await conversation.resend(failed)).status, "failed");
  assert.equal(tea.client.called("send"), 1);
  tea.client.enter("connecting");
  tea.client.enter("open");
  await settle();
  assert.deepEqual(conversation.messages.map(({ seq }) => seq), [1, 2, 3]);
  conversation.close();
});
