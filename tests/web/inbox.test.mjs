// Inbox: marks, filters, frames that meet a fetch, resets.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { deferred, FakeClient, Refusal, settle } from "./fake_client.mjs";
import { Inbox } from "../../lumen_notify/web/client/lumen-store.js";

const item = (id, position, fields = {}) => ({
  id, position, category: "like", content: id, is_read: false, seen_at: null, read_at: null, archived_at: null, ...fields,
});
const page = (...items) => ({ items, next_cursor: null });
const ids = (inbox) => inbox.items.map(({ id }) => id).join(" ");
const like = (client, id, position, fields = {}) =>
  client.fire("message", { position, type: "like", unread_count: 1, data: { id, category: "like", content: id }, ...fields });

async function loaded(answers, options) {
  const client = new FakeClient(answers);
  const inbox = new Inbox(client, options);
  await inbox.load();
  return { client, inbox };
}

test("frames move a list that was fetched", async () => {
  const { client, inbox } = await loaded({ list: page(item("b", 2), item("a", 1)) });
  const before = inbox.items;
  like(client, "c", 3);
  assert.equal(ids(inbox), "c b a");
  assert.notEqual(inbox.items, before);
  like(client, "c", 3);
  like(client, "a", 4, { update: true });
  assert.equal(ids(inbox), "a c b");
  client.fire("read", { position: 5, data: { ids: ["b"] } });
  client.fire("archive", { position: 6, data: { ids: ["c"] } });
  like(client, "b", 2, { is_replayed: true });
  client.fire("notification_edited", { position: 7, data: { id: "a", category: "like", content: "new" } });
  assert.deepEqual(inbox.items.map(({ content, is_read: isRead }) => [content, isRead]), [["new", false], ["b", true]]);
  client.fire("expire", { position: 8, data: { ids: ["a"] } });
  client.fire("read", { position: 9, room: { id: "tea", unread: 0 }, data: { room_id: "tea", ids: ["b"] } });
  assert.equal(ids(inbox), "b");
});

test("a bundle's items come in its order", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  const items = [{ id: "d", category: "like" }, { id: "c", category: "like" }];
  client.fire("message", { position: 4, type: "bundle", data: { items } });
  assert.equal(ids(inbox), "d c a");
});

test("frames that meet a fetch are applied to its page too", async () => {
  const answer = deferred();
  const client = new FakeClient({ list: () => answer.promise });
  const inbox = new Inbox(client);
  const loading = inbox.load();
  await settle();
  like(client, "c", 3);
  client.fire("delete", { position: 4, data: { ids: ["a"] } });
  answer.resolve(page(item("b", 2), item("a", 1)));
  await loading;
  assert.equal(ids(inbox), "c b");
});

test("a mark shows at once, and is undone if the request fails, whatever came meanwhile", async () => {
  const answer = deferred();
  const { client, inbox } = await loaded({ list: page(item("b", 2), item("a", 1)), mark: () => answer.promise });
  const marking = inbox.mark("archive", { ids: ["a"] });
  assert.equal(ids(inbox), "b");
  like(client, "c", 3);
  client.fire("read", { position: 4, data: { ids: ["b"] } });
  answer.reject(new Refusal(503));
  await assert.rejects(marking, { status: 503 });
  assert.equal(ids(inbox), "c b a");
  assert.deepEqual(inbox.items.map(({ is_read: isRead }) => isRead), [false, true, false]);
});

test("a mark that works stays, and its frame changes nothing", async () => {
  const { client, inbox } = await loaded({ list: page(item("b", 2), item("a", 1)), mark: { position: 4 } });
  await inbox.mark("read", { all: true });
  like(client, "c", 5);
  client.fire("read", { position: 4, data: { all: true } });
  assert.deepEqual(inbox.items.map(({ id, is_read: isRead }) => [id, isRead]), [["c", false], ["b", true], ["a", true]]);
});

test("everything is read here and in rooms", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)), mark: { position: 2 }, markRoomsRead: { position: 3 } });
  await inbox.readAll();
  assert.equal(inbox.items[0].is_read, true);
  assert.equal(client.called("markRoomsRead"), 1);
});

test("an item that was read stays in a list of unread ones until the next load", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) }, { unread: true });
  client.fire("read", { position: 2, data: { ids: ["a"] } });
  assert.deepEqual([ids(inbox), inbox.items[0].is_read], ["a", true]);
  client.answers.list = page();
  client.fire("unread", { position: 3, data: { ids: ["a"] } });
  await settle();
  assert.equal(client.called("list"), 1);
  client.fire("unread", { position: 4, data: { ids: ["not here"] } });
  await settle();
  assert.deepEqual([ids(inbox), client.called("list")], ["", 2]);
});

test("a category's list takes its own, and the archive takes no new ones", async () => {
  const { client, inbox } = await loaded({ list: page() }, { category: "like" });
  like(client, "a", 1);
  like(client, "b", 2, { type: "comment", data: { id: "b", category: "comment" } });
  assert.equal(ids(inbox), "a");
  const { client: other, inbox: archive } = await loaded({ list: page(item("a", 1)) }, { archived: true });
  like(other, "b", 2);
  assert.equal(ids(archive), "a");
  other.fire("unarchive", { position: 3, data: { ids: ["a"] } });
  assert.equal(ids(archive), "");
  other.fire("archive", { position: 4, data: { ids: ["b"] } });
  await settle();
  assert.equal(other.called("list"), 2);
});

test("the items of a room that the user has left go", async () => {
  const { client, inbox } = await loaded({ list: page(item("b", 2, { room_id: "tea" }), item("a", 1)) });
  client.fire("left", { position: 3, data: { room_id: "tea" } });
  assert.equal(ids(inbox), "a");
});

test("more pages follow, empty ones are skipped, and older frames leave no hole", async () => {
  const pages = [
    { items: [item("d", 9)], next_cursor: "9" },
    { items: [], next_cursor: "7" },
    { items: [item("a", 1)], next_cursor: null },
  ];
  const { client, inbox } = await loaded({ list: () => pages.shift() });
  like(client, "c", 5, { is_replayed: true });
  assert.equal(ids(inbox), "d");
  assert.equal(inbox.hasMore, true);
  await inbox.loadMore();
  assert.equal(ids(inbox), "d a");
  assert.equal(inbox.hasMore, false);
});

test("a reset, an unknown gap and preferences refetch", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  client.answers.list = page(item("z", 1));
  for (const [frame, fields] of [
    ["reset", { reason: "epoch" }],
    ["ready", { recovered: false, replayed: 0 }],
    ["preferences", { position: 3, data: {} }],
    ["unarchive", { position: 4, data: { all: true } }],
  ]) {
    const before = client.called("list");
    client.fire(frame, fields);
    await settle();
    assert.equal(client.called("list"), before + 1, frame);
  }
  assert.equal(ids(inbox), "z");
  client.fire("ready", { recovered: true, replayed: 3 });
  await settle();
  assert.equal(client.called("list"), 5);
});

test("a long replay is left out, and its end refetches", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  client.fire("ready", { recovered: true, replayed: null });
  like(client, "b", 2, { is_replayed: true });
  assert.equal(ids(inbox), "a");
  client.answers.list = page(item("c", 3));
  client.fire("caught_up", { position: 3 });
  await settle();
  assert.equal(ids(inbox), "c");
  like(client, "d", 4);
  assert.equal(ids(inbox), "d c");
});

test("a load that was overtaken changes nothing", async () => {
  const answers = [deferred(), deferred()];
  const client = new FakeClient({ list: () => answers[client.called("list") - 1].promise });
  const inbox = new Inbox(client);
  const loads = [inbox.load(), inbox.load({ unread: true })];
  await settle();
  answers[1].resolve(page(item("new", 2)));
  await settle();
  answers[0].resolve(page(item("old", 1)));
  await Promise.all(loads);
  assert.equal(ids(inbox), "new");
  assert.equal(inbox.isLoading, false);
});

test("a list that was fetched without a stream is fetched again once there is one", async () => {
  const client = new FakeClient({ list: page(item("a", 1)) });
  client.state = "waiting";
  const inbox = new Inbox(client);
  await inbox.load();
  client.answers.list = page(item("b", 2), item("a", 1));
  client.enter("open");
  await settle();
  assert.equal(ids(inbox), "b a");
});

test("a refetch that fails is tried again", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  client.answers.list = () => {
    throw new Refusal(503);
  };
  client.fire("reset", { reason: "trimmed" });
  await settle();
  assert.equal(inbox.problem.status, 503);
  client.answers.list = page(item("b", 2));
  mock.timers.tick(2_000);
  await settle();
  assert.deepEqual([ids(inbox), inbox.problem], ["b", null]);
});

test("a list without `ready` after a reconnect is fetched again", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { client } = await loaded({ list: page(item("a", 1)) });
  for (const isTold of [true, false]) {
    const before = client.called("list");
    client.enter("connecting");
    client.enter("open");
    if (isTold) client.fire("ready", { recovered: true, replayed: 0 });
    mock.timers.tick(1_000);
    await settle();
    assert.equal(client.called("list") - before, isTold ? 0 : 1);
  }
});

test("a page left open for long stays small", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  for (let position = 2; position < 600; position += 1) like(client, `n${position}`, position);
  await settle();
  assert.ok(inbox.items.length < 120, String(inbox.items.length));
});

test("a closed inbox hears nothing", async () => {
  const { client, inbox } = await loaded({ list: page(item("a", 1)) });
  inbox.addEventListener("change", () => assert.fail());
  inbox.close();
  like(client, "b", 2);
  client.fire("reset", { reason: "epoch" });
  await settle();
  assert.equal(client.called("list"), 1);
});
