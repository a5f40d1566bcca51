// Rooms: order, unread counts, last messages and names, by frames alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, FakeClient, Refusal, settle } from "./fake_client.mjs";
import { Rooms } from "../../lumen_notify/web/client/lumen-store.js";

const bob = { id: "bob", username: "Bob", avatar: null };
const alice = { id: "alice", username: "Alice", avatar: null };
const message = (room, seq, sender = bob) => ({
  id: `${room}-${seq}`, room_id: room, seq, sender, content: `text ${seq}`, created_at: `2026-01-01T00:00:${10 + seq}Z`,
});
const room = (id, fields = {}) => ({
  id, kind: "public", title: id, peer_id: null, created_at: "2026-01-01T00:00:00Z", members_count: 2, last_seq: 0,
  role: "member", last_read_seq: 0, unread: 0, last_message: null, ...fields,
});
const page = (...items) => ({ items, next_cursor: null });
const ids = (rooms) => rooms.items.map(({ id }) => id).join(" ");
const say = (client, sent, unread) =>
  client.fire("message", { type: "chat", room: { id: sent.room_id, unread }, data: sent, unread_count: 1 });

async function loaded(answers) {
  const client = new FakeClient(answers);
  const rooms = new Rooms(client);
  await rooms.load();
  return { client, rooms };
}

test("a message moves its room up, with its text and the unread count", async () => {
  const { client, rooms } = await loaded({ rooms: page(room("b"), room("a")) });
  say(client, message("a", 1), 1);
  assert.equal(ids(rooms), "a b");
  say(client, message("b", 2, alice), 0);
  say(client, message("b", 1), 0);
  const [first, second] = rooms.items;
  assert.deepEqual([first.id, first.unread, first.last_read_seq, first.last_seq], ["b", 0, 2, 2]);
  assert.deepEqual([second.unread, second.last_message.content], [1, "text 1"]);
});

test("read marks, titles, members, edits and deletions follow", async () => {
  const { client, rooms } = await loaded({ rooms: page(room("a", { last_seq: 1, unread: 1, last_message: message("a", 1) })) });
  client.fire("read", { room: { id: "a", unread: 1 }, data: { room_id: "a", user_id: "bob", up_to: 1 } });
  assert.deepEqual([rooms.items[0].unread, rooms.items[0].last_read_seq], [1, 0]);
  client.fire("read", { room: { id: "a", unread: 0 }, data: { room_id: "a", user_id: "alice", up_to: 1 } });
  client.fire("room", { data: { room_id: "a", title: "Tea" } });
  client.fire("member", { data: { room_id: "a", members: [{ user_id: "alice", role: "muted" }], members_count: 3 } });
  client.fire("message_edited", { data: { ...message("a", 1), content: "edited" } });
  const [first] = rooms.items;
  assert.deepEqual(
    [first.unread, first.last_read_seq, first.title, first.members_count, first.role, first.last_message.content],
    [0, 1, "Tea", 3, "muted", "edited"],
  );
  client.fire("message_deleted", { data: { ...message("a", 1), content: "" } });
  assert.equal(rooms.items[0].last_message.content, "");
});

test("counts of all rooms replace those of each", async () => {
  const { client, rooms } = await loaded({ rooms: page(room("b", { unread: 2 }), room("a", { unread: 1 })) });
  client.fire("read", { unread_count: 3, unread: { categories: {}, rooms: { b: 3 } }, data: { all: true } });
  assert.deepEqual(rooms.items.map(({ unread }) => unread), [3, 0]);
});

test("rooms come and go", async () => {
  const { client, rooms } = await loaded({ rooms: page(room("a")), room: (id) => room(id, { created_at: "2026-01-02" }) });
  client.fire("joined", { unread: { categories: {}, rooms: {} }, data: { room_id: "b", role: "member" } });
  say(client, message("c", 1), 1);
  say(client, message("c", 2), 2);
  await settle();
  assert.equal(ids(rooms), "b c a");
  assert.equal(client.called("room"), 2);
  assert.equal(rooms.items.find(({ id }) => id === "c").last_seq, 2);
  client.fire("left", { data: { room_id: "b", reason: "banned" } });
  client.answers.room = () => {
    throw new Refusal(404);
  };
  client.fire("joined", { data: { room_id: "d", role: "member" } });
  await settle();
  assert.equal(ids(rooms), "c a");
});

test("a direct room has its peer's name, as far as it is known", async () => {
  const direct = room("d", { kind: "direct", title: null, peer_id: "bob", last_seq: 2, last_message: message("d", 2, alice) });
  const members = page({ user_id: "alice", username: null }, { user_id: "bob", username: null });
  const messages = page(message("d", 1), message("d", 2, alice));
  const { client, rooms } = await loaded({ rooms: page(direct), members, messages });
  await settle();
  assert.equal(rooms.items[0].peer.username, "Bob");
  say(client, message("d", 3, { ...bob, username: "Robert" }), 1);
  assert.equal(rooms.items[0].peer.username, "Robert");
  assert.equal(client.called("messages"), 1);
  const { rooms: others } = await loaded({ rooms: page(direct), members, messages: page() });
  await settle();
  assert.equal(others.items[0].peer.username, "bob");
  const named = page({ user_id: "alice", username: "Alice" }, { user_id: "bob", username: "Bobby" });
  const { client: asking, rooms: known } = await loaded({ rooms: page(direct), members: named });
  await settle();
  assert.deepEqual([known.items[0].peer.username, asking.called("messages")], ["Bobby", 0]);
});

test("frames that meet a fetch are applied to its page too", async () => {
  const answer = deferred();
  const client = new FakeClient({ rooms: () => answer.promise });
  const rooms = new Rooms(client);
  const loading = rooms.load();
  await settle();
  client.fire("read", { room: { id: "a", unread: 0 }, data: { room_id: "a", user_id: "alice", up_to: 5 } });
  say(client, message("a", 6), 1);
  answer.resolve(page(room("a", { last_seq: 6, unread: 1, last_read_seq: 5, last_message: message("a", 6) })));
  await loading;
  assert.equal(rooms.items[0].unread, 1);
});

test("more pages follow, and a reset refetches", async () => {
  const pages = [{ items: [room("c")], next_cursor: "c" }, page(room("c"), room("b")), page(room("z"))];
  const { client, rooms } = await loaded({ rooms: () => pages.shift() });
  assert.equal(rooms.hasMore, true);
  await rooms.loadMore();
  assert.deepEqual([ids(rooms), rooms.hasMore], ["c b", false]);
  client.fire("reset", { reason: "ahead" });
  await settle();
  assert.equal(ids(rooms), "z");
});

test("a room may have an id that every object has", async () => {
  const { client, rooms } = await loaded({ rooms: page(room("constructor", { unread: 2 })) });
  client.fire("ping", { unread: { categories: {}, rooms: {} } });
  assert.equal(rooms.items[0].unread, 0);
});

test("nothing of a user is shown to the next one, whose rooms are fetched once the stream is open", async () => {
  const older = deferred();
  const answers = [page(room("a")), older.promise, page(room("z"))];
  const { client, rooms } = await loaded({ rooms: () => answers.shift() });
  const loading = rooms.load();
  await settle();
  client.dispatchEvent(new Event("user"));
  assert.deepEqual([rooms.items, rooms.isLoaded, rooms.isLoading], [[], false, false]);
  older.resolve(page(room("a")));
  await loading;
  assert.deepEqual(rooms.items, []);
  client.enter("connecting");
  client.enter("open");
  client.fire("ready", { recovered: true, replayed: 0 });
  await settle();
  assert.equal(ids(rooms), "z");
});
