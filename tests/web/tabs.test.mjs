// Tabs: which tab of a user has the stream, what the others get, and when the stream is opened again.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { channels, counts, install, requests, server, settle, sources, tokenOf } from "./fake_browser.mjs";

install();
const { LumenNotify } = await import("../../lumen_notify/web/client/lumen-notify.js");

let started = [];

beforeEach(() => {
  install();
  mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval"], now: 1_000_000 });
});

afterEach(() => {
  started.forEach((client) => client.stop());
  started = [];
  mock.timers.reset();
});

/** Return a tab: its client, and what it has heard. */
async function tab(options = {}) {
  const client = new LumenNotify({ url: "http://app.test/", getToken: () => tokenOf("bob"), ...options });
  started.push(client);
  const seen = { client, contents: [], firsts: 0, unread: [], states: [], resets: [] };
  client.addEventListener("notification", ({ detail }) => {
    seen.contents.push(detail.data.content);
    seen.firsts += Number(detail.is_first);
  });
  client.addEventListener("unread", ({ detail }) => seen.unread.push(detail.unread_count));
  client.addEventListener("state", ({ detail }) => seen.states.push(detail.state));
  client.addEventListener("reset", ({ detail }) => seen.resets.push(detail.reason));
  client.start();
  await settle();
  return seen;
}

async function tick(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    mock.timers.tick(1000);
    await settle();
  }
}

function like(content, unread) {
  return { type: "like", unread_count: unread, data: { id: content, category: "like", content } };
}

const newest = () => sources.at(-1);

/** Whether the browser shows the page. */
function show(visibility) {
  document.visibilityState = visibility;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("all tabs share one stream, and each hears everything once", async () => {
  const tabs = [await tab(), await tab(), await tab()];
  newest().ready(counts(3), "e-1-a");
  newest().send("message", like("hello", 4), "e-2-a");
  await settle();
  assert.equal(sources.length, 1);
  assert.deepEqual(tabs.map(({ client }) => client.isLeader), [true, false, false]);
  for (const { contents, unread, client } of tabs) {
    assert.deepEqual([contents, unread, client.state], [["hello"], [3, 4], "open"]);
  }
  assert.equal(tabs.reduce((sum, { firsts }) => sum + firsts, 0), 1);
});

test("a tab that comes later gets state and counts at once; before there is a stream it is connecting", async () => {
  await tab();
  const early = await tab();
  assert.deepEqual([early.client.state, early.client.unreadCount], ["connecting", null]);
  newest().ready(counts(3), "e-1-a");
  const late = await tab();
  assert.deepEqual([late.states, late.unread, late.client.unread], [["connecting", "open"], [3], counts(3).unread]);
  assert.equal(sources.length, 1);
});

test("when the leader stops, another tab resumes after the last event and drops repeats", async () => {
  const [one, two, three] = [await tab(), await tab(), await tab()];
  newest().ready(counts(0), "e-1-a");
  newest().send("message", like("a", 1), "e-2-a");
  await settle();
  one.client.stop();
  await settle();
  assert.deepEqual([sources.length, sources[0].isOpen, two.client.isLeader], [2, false, true]);
  assert.equal(newest().url.searchParams.get("last_event_id"), "e-2-a");
  newest().ready({ ...counts(2), replayed: 2 });
  newest().send("message", like("a", 2), "e-2-a");
  newest().send("message", like("b", 2), "e-3-a");
  await settle();
  for (const { contents } of [two, three]) assert.deepEqual(contents, ["a", "b"]);
});

test("a leader that hangs is replaced, and follows once it runs again", async () => {
  const [one, two] = [await tab(), await tab()];
  newest().ready(counts(0), "e-1-a");
  await tick(10);
  assert.equal(sources.length, 1);
  channels[0].isMute = true;
  await tick(10);
  assert.deepEqual([two.client.isLeader, one.client.isLeader, sources.length], [true, false, 2]);
  assert.ok(!sources[0].isOpen);
});

test("a page that is frozen leads no more, and on its return hears that it has missed something", async () => {
  const one = await tab();
  newest().ready(counts(0), "e-1-a");
  document.dispatchEvent(new Event("freeze"));
  assert.equal(newest().isOpen, false);
  const two = await tab();
  newest().ready(counts(1), "e-2-a");
  await settle();
  document.dispatchEvent(new Event("resume"));
  await settle();
  assert.deepEqual([one.client.state, one.client.isLeader, one.resets, one.client.unreadCount], ["open", false, ["missed"], 1]);
  assert.deepEqual([two.client.isLeader, two.resets], [true, []]);
});

test("without Web Locks, without channels, or unshared, each tab has a stream", async () => {
  const cases = [
    [() => (navigator.locks = undefined), {}],
    [() => (globalThis.BroadcastChannel = undefined), {}],
    [() => {}, { share: false }],
  ];
  for (const [take, options] of cases) {
    install();
    take();
    const tabs = [await tab(options), await tab(options)];
    assert.deepEqual([sources.length, tabs.every(({ client }) => client.isLeader)], [2, true]);
  }
});

test("tabs of different users share nothing", async () => {
  const [bob, amy] = [await tab(), await tab({ getToken: () => tokenOf("amy") })];
  sources[0].ready(counts(1), "e-1-a");
  await settle();
  assert.deepEqual([sources.length, bob.client.unreadCount, amy.client.unreadCount], [2, 1, null]);
});

test("another user in a tab begins with nothing of the one before", async () => {
  const users = ["bob", "amy"];
  const one = await tab({ getToken: () => tokenOf(users.shift() ?? "amy") });
  newest().ready(counts(5), "e-9-a");
  server.answer = ({ path, token }) => path === "rooms" && token === requests[0].token ? [401, {}] : undefined;
  await assert.rejects(one.client.rooms(), { status: 401 }); // what bob has asked for is not amy's
  await settle();
  assert.deepEqual([one.client.user.id, sources.length, sources[0].isOpen, one.client.unreadCount], ["amy", 2, false, null]);
  assert.equal(newest().url.searchParams.get("last_event_id"), null);
});

test("a reload resumes from the cursor", async () => {
  const one = await tab();
  newest().ready(counts(0), "e-7-a");
  dispatchEvent(new Event("pagehide"));
  started.pop();
  const two = await tab();
  assert.equal(newest().url.searchParams.get("last_event_id"), "e-7-a");
  newest().ready({ ...counts(1), replayed: 1 });
  newest().send("message", like("missed", 1), "e-8-a");
  assert.deepEqual([two.contents, two.firsts, one.contents], [["missed"], 0, []]);
});

test("a leader whose user has signed out leaves the stream to another tab", async () => {
  let isSignedIn = true;
  const one = await tab({ getToken: () => (isSignedIn ? tokenOf("bob", { jti: 1 }) : null) });
  const two = await tab();
  newest().ready(counts(0), "e-1-a");
  isSignedIn = false;
  server.answer = ({ token }) => (token === requests[0].token ? [401, {}] : undefined);
  newest().send("closing", { reason: "expired", reconnect: false });
  await settle();
  assert.deepEqual([one.client.state, one.client.reason, two.client.isLeader], ["closed", "signed_out", true]);
});

test("a leader whose token is refused leaves the stream to another tab", async () => {
  const old = tokenOf("bob", { jti: 1 });
  const one = await tab({ getToken: () => old });
  const two = await tab();
  newest().ready(counts(0), "e-1-a");
  server.answer = ({ token }) => (token === old ? [401, {}] : undefined);
  newest().send("closing", { reason: "expired", reconnect: false });
  await settle();
  assert.deepEqual([one.client.state, one.client.reason, two.client.isLeader], ["closed", "expired", true]);
});

test("a server that answers, and then sends nothing, is given up", async () => {
  const one = await tab();
  await tick(21);
  assert.deepEqual([one.client.state, sources[0].isOpen], ["waiting", false]);
});

test("a wait is as long as the server asks for", async () => {
  server.answer = () => [429, {}, { "retry-after": "40" }];
  const one = await tab();
  assert.equal(one.client.nextAttemptAt, Date.now() + 40_000);
});

test("`replaced` ends the stream for all tabs until one is asked to reconnect", async () => {
  const tabs = [await tab(), await tab()];
  newest().ready(counts(0), "e-1-a");
  newest().send("closing", { reason: "replaced", reconnect: false });
  await settle();
  dispatchEvent(new Event("focus"));
  await tick(60);
  assert.deepEqual(tabs.map(({ client }) => [client.state, client.reason]), Array(2).fill(["closed", "replaced"]));
  assert.equal(sources.length, 1);
  tabs[1].client.reconnect();
  await settle();
  assert.equal(sources.length, 2);
});

test("the token is renewed when it expires soon, by the leader alone", async () => {
  let asked = 0;
  const getToken = () => tokenOf("bob", { jti: (asked += 1) });
  await tab({ getToken });
  await tab({ getToken });
  newest().ready(counts(0), "e-1-a");
  newest().send("expiring", { seconds: 60 });
  await settle();
  assert.equal(asked, 3);
  assert.deepEqual(requests.filter(({ path }) => path.endsWith("renew")).length, 1);
  assert.ok(newest().isOpen);
});

test("after 15 failures it waits for the network, the focus or the user", async () => {
  const one = await tab();
  server.answer = () => [503, {}];
  newest().ready(counts(0), "e-1-a");
  newest().fail();
  assert.equal(one.client.state, "waiting");
  assert.ok(one.client.nextAttemptAt >= Date.now() + 2000);
  await tick(600);
  const failures = requests.length;
  assert.deepEqual([one.client.state, one.client.reason, failures], ["closed", "unreachable", 16]);
  await tick(600);
  assert.equal(requests.length, failures);
  server.answer = () => undefined;
  for (const event of ["keydown", "pointerdown", "online", "focus"]) {
    const before = sources.length;
    dispatchEvent(new Event(event));
    await settle();
    assert.equal(sources.length, before + 1, event);
    server.answer = () => [503, {}];
    newest().fail();
    await tick(600);
    assert.equal(one.client.reason, "unreachable");
    server.answer = () => undefined;
  }
});

test("a key press does not shorten a wait; the network's return does", async () => {
  await tab();
  newest().ready(counts(0), "e-1-a");
  newest().fail();
  dispatchEvent(new Event("keydown"));
  await settle();
  assert.equal(sources.length, 1);
  dispatchEvent(new Event("online"));
  await settle();
  assert.equal(sources.length, 2);
});

test("a stream that says nothing for two and a half pings is opened again", async () => {
  await tab();
  newest().ready({ ...counts(0), ping_seconds: 10 }, "e-1-a");
  for (let pings = 0; pings < 5; pings += 1) {
    await tick(10);
    newest().send("ping", {}, "e-1-a");
  }
  await tick(24);
  assert.equal(sources.length, 1);
  await tick(2);
  assert.deepEqual([sources.length, sources[0].isOpen], [2, false]);
});

test("a hidden tab is first only if no other is visible", async () => {
  const [one, two] = [await tab(), await tab()];
  newest().ready(counts(0), "e-1-a");
  newest().send("message", like("a", 1), "e-2-a");
  await settle();
  assert.deepEqual([one.firsts, two.firsts], [0, 1]); // the one that was shown last
  show("hidden");
  newest().send("message", like("b", 2), "e-3-a");
  await settle();
  assert.equal(one.firsts + two.firsts, 2);
});

test("a getToken that fails is asked again", async () => {
  let asked = 0;
  const one = await tab({ getToken: () => ((asked += 1) > 2 ? tokenOf("bob") : Promise.reject(new Error("down"))) });
  assert.deepEqual([one.client.state, sources.length], ["waiting", 0]);
  await tick(20);
  assert.deepEqual([asked, sources.length], [3, 1]);
});
