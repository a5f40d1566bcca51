// Feed: the stream of an administrator through breaks, refusals, silence and its end.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

globalThis.addEventListener = () => {};
const { Feed } = await import("../../lumen_notify/web/admin/feed.js");

const SECOND = 1000;
const FIGURES = 'event: figures\ndata: {"users_online":1}\n\n';
let answers; // of the next requests: a status, or "open" for a stream
let streams; // those that are open: `{write(text), end(), signal}`
let tokens; // what is asked for: whether it must be new
let feed;

async function fakeFetch(_url, { signal }) {
  const answer = answers.shift() ?? "open";
  if (answer === "unreachable") throw new TypeError("fetch failed");
  if (answer !== "open") return new Response("", { status: answer });
  let controller;
  const body = new ReadableStream({ start: (given) => (controller = given) });
  streams.push({ signal, write: (text) => controller.enqueue(new TextEncoder().encode(text)), end: () => controller.close() });
  return new Response(body);
}

/** Let everything happen that waits for no timer. */
async function settle() {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  mock.method(Math, "random", () => 0);
  globalThis.fetch = fakeFetch;
  [answers, streams, tokens] = [[], [], []];
  feed = new Feed("http://test/stream", async (isNew) => (tokens.push(isNew), "token"));
});

afterEach(() => {
  feed.stop();
  mock.timers.reset();
  mock.restoreAll();
});

async function open() {
  feed.start();
  await settle();
  streams.at(-1).write(FIGURES);
  await settle();
  assert.equal(feed.state, "open");
}

test("figures arrive, and the first of them open the feed", async () => {
  const found = [];
  feed.addEventListener("figures", ({ detail }) => found.push(detail.users_online));
  await open();
  streams[0].write(FIGURES + FIGURES);
  await settle();
  assert.deepEqual(found, [1, 1, 1]);
  assert.deepEqual(tokens, [false]);
});

test("a break is followed by another attempt, for as long as the page is open", async () => {
  await open();
  answers = Array.from({ length: 200 }, () => "unreachable");
  streams[0].end();
  await settle();
  for (let tries = 0; tries < 200; tries += 1) {
    assert.equal(feed.state, "waiting");
    assert.ok(feed.nextAttemptAt - Date.now() <= 30 * SECOND);
    mock.timers.tick(31 * SECOND);
    await settle();
  }
  mock.timers.tick(31 * SECOND);
  await settle();
  assert.equal(feed.state, "connecting");
  streams[1].write(FIGURES);
  await settle();
  assert.equal(feed.state, "open");
});

test("a connection that is silent is given up", async () => {
  await open();
  mock.timers.tick(14 * SECOND);
  assert.equal(feed.state, "open");
  mock.timers.tick(2 * SECOND);
  assert.equal(feed.state, "waiting");
  assert.ok(streams[0].signal.aborted);
});

test("a server that does not answer at all is given up, too", async () => {
  globalThis.fetch = () => new Promise(() => {});
  feed.start();
  await settle();
  mock.timers.tick(16 * SECOND);
  assert.equal(feed.state, "waiting");
});

test("a token that is refused is replaced once", async () => {
  answers = [401, 401];
  feed.start();
  await settle();
  assert.deepEqual(tokens, [false, true]);
  assert.deepEqual([feed.state, feed.reason], ["closed", "expired"]);
  mock.timers.tick(60 * SECOND);
  assert.equal(tokens.length, 2);
});

test("a stream that expires goes on with a new token", async () => {
  await open();
  streams[0].write('event: closing\ndata: {"reason":"expired","reconnect":false}\n\n');
  await settle();
  assert.deepEqual(tokens, [false, true]);
  streams[1].write(FIGURES);
  await settle();
  assert.equal(feed.state, "open");
});

test("what the server ends for good stays closed, and says why", async () => {
  await open();
  streams[0].write('event: closing\ndata: {"reason":"revoked","reconnect":false}\n\n');
  await settle();
  assert.deepEqual([feed.state, feed.reason], ["closed", "revoked"]);
});

test("without the scope nothing is tried again", async () => {
  answers = [403];
  feed.start();
  await settle();
  assert.deepEqual([feed.state, feed.reason], ["closed", "forbidden"]);
});

test("a draining server is left, and connected to later", async () => {
  await open();
  streams[0].write('event: closing\ndata: {"reason":"shutdown","reconnect":true}\n\n');
  await settle();
  assert.equal(feed.state, "waiting");
});

test("after stop nothing arrives, and nothing is tried", async () => {
  await open();
  feed.addEventListener("figures", () => assert.fail("figures after the end"));
  feed.stop();
  assert.ok(streams[0].signal.aborted);
  mock.timers.tick(60 * SECOND);
  await settle();
  assert.deepEqual([feed.state, streams.length], ["closed", 1]);
});
