// Client: waits, cursors, page rules, counts, requests and typing of `lumen-notify.js`.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { counts, install, requests, server, settle, sources, tokenOf } from "./fake_browser.mjs";

install();
const { LumenNotify, Problem, backoff, featuresOf, positionOf, userOf } = await import(
  "../../lumen_notify/web/client/lumen-notify.js"
);

let started = [];

beforeEach(install);

afterEach(() => {
  started.forEach((client) => client.stop());
  started = [];
  mock.timers.reset();
});

/** Return a client that has started, and the details of its events by name. */
async function start(options = {}) {
  const client = new LumenNotify({ url: "http://app.test/", getToken: () => tokenOf("bob"), ...options });
  started.push(client);
  const heard = {};
  for (const name of ["notification", "message", "unread", "state", "read", "typing", "reset", "frame", "ready"]) {
    heard[name] = [];
    client.addEventListener(name, ({ detail }) => heard[name].push(detail));
  }
  client.start();
  await settle();
  return { client, heard };
}

function like(id, unread, fields = {}) {
  return { type: "like", unread_count: unread, data: { id, category: "like", content: id }, ...fields };
}

test("a wait is between 2 s and a ceiling that doubles up to 30 s", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 15].map((tries) => backoff(tries, 1)), [4000, 8000, 16000, 30000, 30000, 30000]);
  for (const tries of [1, 4, 15]) assert.equal(backoff(tries, 0), 2000);
});

test("a cursor has a position, with a check or without", () => {
  assert.equal(positionOf("z4fpd8go-42-5e1f0c"), 42);
  assert.equal(positionOf("z4fpd8go-0"), 0);
  assert.ok(Number.isNaN(positionOf("nonsense")));
});

test("a token names its user in any language; nonsense names nobody", () => {
  const { id, name, scopes } = userOf(tokenOf("ü", { name: "Müller 茶", scope: "notify:publish notify:admin" }));
  assert.deepEqual([id, name, scopes], ["ü", "Müller 茶", ["notify:publish", "notify:admin"]]);
  for (const nonsense of ["", "a.b.c", "a", tokenOf("")]) assert.equal(userOf(nonsense), null);
});

test("the first rule that matches says which features a page has", () => {
  const rules = [
    { path: "/chat/*", features: ["messaging"] },
    { path: "/chat/**", features: ["typing"] },
    { path: "/a.c", features: ["presence"] },
    { path: "**/help", features: ["files"] },
    { path: "/", features: ["admin"] },
  ];
  const on = (path) => [...featuresOf(rules, path)].join();
  const paths = ["/chat/1", "/chat/1/", "/chat", "/chat/1/2", "/chatter", "/a.c", "/abc", "/x/y/help", "/", "/elsewhere"];
  const expected = ["messaging", "messaging", "typing", "typing", "", "presence", "", "files", "admin", ""];
  assert.deepEqual(paths.map(on), expected);
  assert.equal(featuresOf(undefined, "/").size, 7);
});

test("nothing connects on a page without features, or while nobody is signed in", async () => {
  let asked = 0;
  const pages = [{ path: "/inbox/**", features: ["notifications"] }];
  location.href = "http://app.test/help";
  const { client } = await start({ pages, getToken: () => (asked += 1) && null });
  assert.deepEqual([client.state, client.reason, asked], ["closed", "inactive", 0]);
  location.href = "http://app.test/inbox";
  dispatchEvent(new Event("popstate"));
  await settle();
  assert.deepEqual([client.state, client.reason, asked], ["closed", "signed_out", 1]);
  assert.deepEqual([sources.length, requests.length], [0, 0]);
});

test("events of a feature that is off do not come, and a page that is left ends the stream", async () => {
  const { client, heard } = await start({ pages: [{ path: "/inbox", features: ["notifications"] }] });
  sources[0].ready({}, "e-1-a");
  sources[0].send("typing", { room_id: "tea", user: { id: "amy" }, is_typing: true });
  sources[0].send("message", like("n", 1), "e-2-a");
  sources[0].send("message", { type: "chat", unread_count: 2, room: { id: "tea", unread: 1 }, data: {} }, "e-3-a");
  assert.deepEqual([heard.typing.length, heard.message.length, heard.notification.length], [0, 0, 1]);
  location.href = "http://app.test/other";
  dispatchEvent(new Event("popstate"));
  assert.deepEqual([client.reason, sources[0].isOpen], ["inactive", false]);
});

test("each frame is an event with its position; a bundle is one for each of its items, the oldest first", async () => {
  const { client, heard } = await start();
  sources[0].ready(counts(0), "e-1-a");
  sources[0].send("message", like("n1", 1), "e-2-a");
  const items = [{ id: "n3", category: "like" }, { id: "n2", category: "like" }];
  sources[0].send("message", { type: "bundle", unread_count: 3, data: { items } }, "e-3-a");
  const room = { id: "tea", unread: 1 };
  sources[0].send("message", { type: "chat", unread_count: 4, room, data: { seq: 1 } }, "e-4-a");
  const told = heard.notification.map(({ data, position }) => [data.id, position]);
  assert.deepEqual(told, [["n1", 2], ["n2", 3], ["n3", 3]]);
  assert.deepEqual(heard.message.map(({ room, position, type }) => [room.id, position, type]), [["tea", 4, "chat"]]);
  assert.deepEqual([client.unreadCount, client.unread.rooms], [4, { tea: 1 }]);
  assert.deepEqual(heard.frame.map(({ frame }) => frame), ["ready", "message", "message", "message"]);
});

test("the frame `unread` is one event `unread` with what was marked", async () => {
  const { heard } = await start();
  sources[0].ready(counts(0), "e-1-a");
  sources[0].send("unread", { ...counts(1), data: { ids: ["n"] } }, "e-2-a");
  const { frame, unread_count, data } = heard.unread.at(-1);
  assert.deepEqual([heard.unread.length, frame, unread_count, data.ids], [2, "unread", 1, ["n"]]);
});

test("frames of a replay say so, also in a long one, which `caught_up` ends", async () => {
  for (const [replayed, hasEnd] of [[1, false], [null, true]]) {
    install();
    const { heard } = await start();
    sources[0].ready({ replayed, ...counts(2) });
    sources[0].send("message", like("old", 2), "e-2-a");
    if (hasEnd) sources[0].send("caught_up", { ...counts(2), replayed: 1 }, "e-2-a");
    sources[0].send("message", like("new", 3), "e-3-a");
    assert.deepEqual(heard.notification.map((one) => [one.is_replayed, one.is_first]), [[true, false], [false, true]]);
  }
});

test("counts of a frame that is older than a mark's answer are not shown", async () => {
  const { client } = await start();
  sources[0].ready(counts(2), "e-5-a");
  server.answer = () => [200, { changed: 2, ...counts(0), position: 8 }];
  await client.mark("read", { all: true });
  assert.equal(client.unreadCount, 0);
  sources[0].send("message", like("n", 3), "e-7-a");
  assert.equal(client.unreadCount, 0);
  sources[0].send("read", { ...counts(0), data: { all: true } }, "e-8-a");
  sources[0].send("message", like("m", 1), "e-9-a");
  assert.deepEqual([client.unreadCount, client.unread.categories], [1, { like: 1 }]);
});

test("after `reset` the cursor and the counts are those of the other log", async () => {
  const { client, heard } = await start();
  sources[0].ready(counts(2), "e-5-a");
  sources[0].send("reset", { reason: "epoch", ...counts(7) }, "f-1-b");
  assert.equal(client.unreadCount, 7);
  sources[0].send("message", like("n", 8), "f-2-b");
  assert.deepEqual([client.unreadCount, heard.notification.length, heard.reset[0].position], [8, 1, 1]);
  sources[0].fail();
  client.reconnect();
  await settle();
  assert.equal(sources[1].url.searchParams.get("last_event_id"), "f-2-b");
});

test("a request is repeated once after a 401, with a new token", async () => {
  const tokens = [tokenOf("bob", { jti: 1 }), tokenOf("bob", { jti: 2 })];
  const { client } = await start({ getToken: () => tokens.shift() ?? null });
  const old = requests[0].token;
  server.answer = ({ token }) => (token === old ? [401, { code: "unauthenticated" }] : [200, { items: [] }]);
  assert.deepEqual(await client.list({ unread: true, category: undefined }), { items: [] });
  assert.deepEqual(requests.slice(-2).map(({ path }) => path), Array(2).fill("notifications?unread=true"));
  server.answer = () => [403, { code: "not_a_member", detail: "You are not a member of `tea`." }];
  await assert.rejects(client.room("tea"), (problem) => {
    assert.ok(problem instanceof Problem);
    assert.deepEqual([problem.status, problem.code, problem.message], [403, "not_a_member", "You are not a member of tea."]);
    return true;
  });
});

test("ids are encoded in paths, and a message has a client_id", async () => {
  const { client } = await start();
  await client.join("a/b");
  assert.equal(requests.at(-1).path, "rooms/a%2Fb/members/bob");
  await client.send("tea", { content: "hi" });
  assert.match(requests.at(-1).body.client_id, /.{16}/);
});

test("after a bundle the counts by category are fetched", async () => {
  const { client } = await start();
  sources[0].ready(counts(0), "e-1-a");
  server.answer = () => [200, { ...counts(2, { like: 1, follow: 1 }), position: 2 }];
  const items = [{ id: "b", category: "like" }, { id: "a", category: "follow" }];
  sources[0].send("message", { type: "bundle", unread_count: 2, data: { items } }, "e-2-a");
  assert.equal(client.unreadCount, 2);
  await settle();
  assert.deepEqual(client.unread.categories, { like: 1, follow: 1 });
});

test("typing is reported at most once in 3 s, and its end once", async () => {
  const { client } = await start();
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const reports = () => requests.filter(({ path }) => path.endsWith("typing")).map(({ body }) => body.is_typing);
  for (let time = 0; time < 6000; time += 500) {
    await client.typing("tea", true);
    mock.timers.tick(500);
  }
  assert.deepEqual(reports(), [true, true]);
  await client.typing("tea", false);
  await client.typing("tea", false);
  assert.deepEqual(reports(), [true, true, false]);
});

test("a response that is cut off is a failure, and one without a body is none", async () => {
  const { client } = await start();
  server.answer = () => [200, new SyntaxError("cut off")];
  await assert.rejects(client.rooms(), { status: 0 });
  server.answer = () => [502, new SyntaxError("a page")];
  await assert.rejects(client.rooms(), { status: 502 });
  server.answer = () => [204, new SyntaxError("no body")];
  assert.equal(await client.leave("tea"), null);
});

test("a token that comes after the user has signed out is not kept for the next one", async () => {
  const answers = [];
  const getToken = () => new Promise((resolve) => answers.push(resolve));
  const { client } = await start({ getToken });
  client.signOut();
  client.start();
  await settle();
  assert.equal(answers.length, 2);
  answers[1](tokenOf("amy"));
  await settle();
  answers[0](tokenOf("bob"));
  await settle();
  assert.equal(client.user.id, "amy");
  await client.list();
  assert.equal(userOf(requests.at(-1).token).id, "amy");
});

test("a change of the user is said, and what was asked for before is not done as the other one", async () => {
  const answers = [];
  const { client } = await start({ getToken: () => new Promise((resolve) => answers.push(resolve)) });
  const users = [];
  client.addEventListener("user", ({ detail }) => users.push(detail.user?.id ?? null));
  answers[0](tokenOf("bob", { exp: Date.now() / 1000 + 31 }));
  await settle();
  assert.deepEqual([client.user.id, users], ["bob", []]);
  mock.timers.enable({ apis: ["Date"], now: Date.now() + 5_000 });
  const sending = client.send("tea", { content: "hi" });
  await settle();
  answers[1](tokenOf("amy"));
  await assert.rejects(sending, { status: 401 });
  assert.deepEqual([client.user.id, users], ["amy", ["amy"]]);
  assert.equal(requests.filter(({ path }) => path === "rooms/tea/messages").length, 0);
  await client.signOut();
  assert.deepEqual(users, ["amy", null]);
});

test("a category may have a name that every object has", async () => {
  const { client } = await start();
  sources[0].ready(counts(0), "e-1-a");
  sources[0].send("message", { type: "n", unread_count: 1, data: { id: "a", category: "constructor" } }, "e-2-a");
  assert.deepEqual(Object.entries(client.unread.categories), [["constructor", 1]]);
});

test("a getToken that never settles is given up, and asked again later", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  let asked = 0;
  const { client } = await start({ getToken: () => new Promise((_, reject) => (asked += 1) && reject === null) });
  mock.timers.tick(19_999);
  await settle();
  assert.deepEqual([client.state, asked], ["connecting", 1]);
  mock.timers.tick(1);
  await settle();
  assert.equal(client.state, "waiting");
  mock.timers.tick(30_000);
  await settle();
  assert.equal(asked, 2);
});
