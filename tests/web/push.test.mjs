// Push: how `lumen-push.js` enables it, keeps it, and ends it, in the page.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { counts, install, requests, server, settle, sources, tokenOf } from "./fake_browser.mjs";
import { KEY, OTHER_KEY, bytesOf, installPush } from "./fake_push.mjs";

install();
const { LumenNotify } = await import("../../lumen_notify/web/client/lumen-notify.js");
const { needsHomeScreen } = await import("../../lumen_notify/web/client/lumen-push.js");

const WORKER = "http://app.test/client/lumen-push-worker.js";
const SCOPE = "http://app.test/client/";

let browser;
let started = [];
/** What the server has: its key, and the devices by their ids. */
let site;

beforeEach(() => {
  install();
  begin();
  site = { key: KEY, devices: new Map(), made: 0 };
});

afterEach(() => {
  started.forEach((client) => client.stop());
  started = [];
});

function begin(options) {
  browser = installPush(options);
  server.answer = answer;
}

function answer({ method, path, body, token }) {
  const user = token && JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sub;
  if (path === "push/config") return [200, { providers: site.key ? { log: {}, webpush: { public_key: site.key } } : {} }];
  if (path === "devices" && method === "GET") return [200, { items: [...site.devices.values()].filter((one) => one.user === user) }];
  if (method === "POST" && path === "devices") {
    const { endpoint } = body.subscription;
    const id = [...site.devices.values()].find((one) => one.endpoint === endpoint)?.id ?? `d${(site.made += 1)}`;
    site.devices.set(id, { id, user, endpoint, name: body.name, dropped_at: null });
    return [201, site.devices.get(id)];
  }
  if (method === "DELETE" && path.startsWith("devices/")) {
    const isThere = site.devices.get(path.slice(8))?.user === user && site.devices.delete(path.slice(8));
    return isThere ? [204, null] : [404, { code: "not_found" }];
  }
  return undefined;
}

/** Start a client, as a page does, and let it do all that it does by itself. */
async function start(user = "bob", options = {}) {
  const client = new LumenNotify({ url: "http://app.test/", getToken: () => tokenOf(user), share: false, ...options });
  started.push(client);
  client.start();
  await rest();
  sources.at(-1)?.ready(counts(2), "e-1-a");
  return client;
}

/** Let everything happen, modules that are loaded on demand included. */
async function rest() {
  for (let turn = 0; turn < 20; turn += 1) {
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Make a page that begins anew: another tab, or the same one a day later. */
function leavePage() {
  started.forEach((client) => client.stop());
  sessionStorage.removeItem(`lumen-notify push ${[...site.devices.keys()].at(-1)}`);
  requests.length = sources.length = 0;
}

const registration = () => browser.container.registrations[0];
const asked = () => requests.filter(({ path }) => /^(push|devices)/.test(path)).map(({ method, path }) => `${method} ${path}`);
const owners = () => [...site.devices.values()].map(({ user, endpoint }) => [user, endpoint]);

test("push is enabled by one click: permission, worker, subscription, device", async () => {
  const client = await start();
  const states = [];
  client.addEventListener("push", ({ detail }) => states.push(detail.state));
  assert.equal(await client.pushState(), "default");
  const device = await client.enablePush();
  assert.deepEqual([await client.pushState(), browser.asked, device.id], ["on", 1, "d1"]);
  assert.deepEqual(asked(), ["GET push/config", "POST devices"]);
  const { url, posted } = registration().active;
  assert.deepEqual([url, registration().scope], [WORKER, SCOPE]);
  assert.deepEqual(posted, [{ lumenPush: "configure", options: { page: "/", language: "en" } }]);
  const { applicationServerKey } = registration().pushManager.current.options;
  assert.deepEqual(new Uint8Array(applicationServerKey), bytesOf(KEY));
  assert.deepEqual(requests.at(-1).body, {
    provider: "webpush",
    subscription: { endpoint: "https://push.test/1", keys: { p256dh: "p1", auth: "a" } },
    name: "Firefox, Linux", kind: "desktop", locale: "en-GB",
  });
  await client.enablePush({ name: "Bob's", kind: "tablet", page: "/inbox" });
  assert.deepEqual([owners().length, requests.at(-1).body.name, requests.at(-1).body.kind], [1, "Bob's", "tablet"]);
  assert.equal(posted.at(-1).options.page, "/inbox");
  await client.disablePush();
  assert.deepEqual(states, ["on", "on", "off"]);
});

test("the server has its files below a mount, or the application has a worker of its own", async () => {
  const mounted = await start("bob", { url: "http://app.test/notify/" });
  await mounted.enablePush({ scope: "/" });
  assert.deepEqual([registration().active.url, registration().scope], ["http://app.test/notify/client/lumen-push-worker.js", "http://app.test/"]);
  begin();
  const other = await start("bob", { url: "https://notify.test/" });
  await assert.rejects(other.enablePush(), { code: "push_worker", message: /importScripts\("https:\/\/notify.test\/client\/lumen-push-worker.js"\)/ });
  await other.enablePush({ serviceWorker: "/sw.js" });
  assert.equal(registration().active.url, "http://app.test/sw.js");
  begin();
  const theirs = await navigator.serviceWorker.register("http://app.test/own.js");
  const third = await start("bob", { url: "https://notify.test/" });
  await third.enablePush({ serviceWorker: theirs });
  assert.deepEqual([browser.container.registrations.length, await third.pushState()], [1, "on"]);
  await third.enablePush({ serviceWorker: "/other/sw.js" });
  assert.deepEqual(owners(), [["bob", "https://push.test/2"]], "the one of the other service worker is removed");
});

test("what stands against it has a code", async () => {
  for (const [code, state, prepare] of [
    ["push_no_gesture", "default", () => (navigator.userActivation.isActive = false)],
    ["push_dismissed", "default", () => begin({ answer: "default" })],
    ["push_denied", "denied", () => begin({ answer: "denied" })],
    ["push_denied", "denied", () => begin({ permission: "denied" })],
    ["push_off", "off", () => (site.key = null)],
    ["push_unsupported", "unsupported", () => delete globalThis.PushManager],
    ["push_home_screen", "unsupported", () => (navigator.standalone = false)],
  ]) {
    install();
    begin();
    prepare();
    if (code === "push_home_screen") delete globalThis.PushManager;
    const client = await start();
    assert.equal(needsHomeScreen(), code === "push_home_screen");
    await assert.rejects(client.enablePush(), { code });
    assert.deepEqual([await client.pushState(), site.devices.size], [state, 0], code);
  }
});

test("a push service that fails is named, and push stays off", async () => {
  const client = await start();
  const registered = await navigator.serviceWorker.register(WORKER);
  registered.pushManager.failure = new Error("Registration failed");
  await assert.rejects(client.enablePush(), { code: "push_service", message: /Registration failed/ });
  assert.equal(await client.pushState(), "off");
});

test("a page whose users have not enabled push loads nothing of it", async () => {
  await start();
  assert.deepEqual([asked(), browser.container.registrations, browser.badges], [[], [], []]);
});

test("at the next start nothing is registered again if all is as it was, and a tab asks once", async () => {
  await (await start()).enablePush();
  leavePage();
  assert.equal(await (await start()).pushState(), "on");
  assert.deepEqual(asked(), ["GET push/config", "GET devices"]);
  await start();
  assert.equal(asked().length, 2);
});

test("a subscription that the browser has renewed, ended, or that is for another key, is registered again", async () => {
  for (const change of [
    (manager) => (manager.current.endpoint = "https://push.test/renewed"),
    (manager) => (manager.current = null),
    () => (site.key = OTHER_KEY),
    () => (site.devices.get("d1").dropped_at = "2026-01-01T00:00:00.000Z"),
  ]) {
    install();
    begin();
    site = { key: KEY, devices: new Map(), made: 0 };
    await (await start()).enablePush();
    change(registration().pushManager);
    leavePage();
    assert.equal(await (await start()).pushState(), "on");
    const { endpoint, options } = registration().pushManager.current;
    assert.deepEqual(owners().at(-1), ["bob", endpoint]);
    assert.deepEqual(new Uint8Array(options.applicationServerKey), bytesOf(site.key));
    const registered = requests.findLast(({ method, path }) => method === "POST" && path === "devices");
    assert.deepEqual([registered.body.name, owners().length], ["Firefox, Linux", 1], "the old one is removed");
  }
});

test("an open page registers what the worker has renewed", async () => {
  await (await start()).enablePush();
  registration().pushManager.current.endpoint = "https://push.test/renewed";
  await browser.container.say(registration(), { lumenPush: "renew" });
  await rest();
  assert.deepEqual(owners().at(-1), ["bob", "https://push.test/renewed"]);
});

test("another user who signs in gets the device, and the one before has it no more", async () => {
  const bob = await start("bob");
  await bob.enablePush();
  registration().active.clicks.push({ key: "k", payload: { type: "notification", id: "bob's" }, url: null, isOpened: false, at: Date.now() });
  const amy = await start("amy");
  assert.deepEqual([owners(), await amy.pushState(), await bob.pushState()], [[["amy", "https://push.test/1"]], "on", "off"]);
  assert.deepEqual(registration().active.posted.map(({ lumenPush }) => lumenPush), ["configure", "forget"]);
  assert.equal(requests.filter(({ path }) => path === "notifications/read").length, 0);
  assert.equal(await browser.container.say(registration(), { lumenPush: "look" }), true);
  amy.stop();
  assert.equal(await browser.container.say(registration(), { lumenPush: "look" }), null, "bob has no push here");
});

test("a device that was removed elsewhere is off, and its subscription ends", async () => {
  await (await start()).enablePush();
  leavePage();
  site.devices.clear();
  const client = await start();
  assert.deepEqual([await client.pushState(), registration().pushManager.current], ["off", null]);
  assert.deepEqual([browser.storage.size, registration().active.posted.at(-1)], [0, { lumenPush: "forget" }]);
});

test("without the permission, the device is removed at the next start", async () => {
  await (await start()).enablePush();
  Notification.permission = "denied";
  leavePage();
  const client = await start();
  assert.deepEqual([await client.pushState(), site.devices.size, browser.storage.size], ["denied", 0, 0]);
});

test("push ends by disablePush(), by signing out, and by signing out everywhere", async () => {
  for (const end of [
    (client) => client.disablePush(),
    (client) => client.signOut(),
    (client) => {
      site.devices.clear(); // the server ends them itself
      sources.at(-1).send("closing", { reason: "revoked", reconnect: false });
    },
  ]) {
    install();
    begin();
    const client = await start();
    client.addEventListener("state", ({ detail }) => detail.reason === "revoked" && client.stop()); // as a page may do
    await client.enablePush();
    await end(client);
    await rest();
    assert.deepEqual([site.devices.size, registration().pushManager.current, browser.storage.size], [0, null, 0]);
    assert.deepEqual(registration().active.posted.at(-1), { lumenPush: "forget" });
  }
});

test("push ends here also if the server does not answer", async () => {
  const client = await start();
  await client.enablePush();
  server.answer = () => [503, {}];
  await client.disablePush();
  assert.deepEqual([await client.pushState(), registration().pushManager.current], ["off", null]);
});

test("a user who signs out does not end the push of another one in this browser", async () => {
  const bob = await start("bob");
  await bob.enablePush();
  const amy = await start("amy");
  await bob.signOut();
  assert.deepEqual([owners(), await amy.pushState()], [[["amy", "https://push.test/1"]], "on"]);
});

test("a click is marked as read, told to the page, and leads where it should", async () => {
  const client = await start();
  await client.enablePush();
  const told = [];
  let isHandled = false;
  client.addEventListener("notification-click", (event) => {
    told.push([event.detail.id, event.detail.url, event.detail.room_id]);
    if (isHandled) event.preventDefault();
  });
  const click = async (fields, payload = {}) => {
    const made = { key: "k", payload: { type: "notification", id: "n", ...payload }, url: "http://app.test/photos/7", isOpened: false, at: Date.now() };
    registration().active.clicks.push({ ...made, ...fields });
    await browser.container.say(registration(), { lumenPush: "click" });
    await rest();
  };
  const marked = () => requests.filter(({ path }) => path === "notifications/read").map(({ body }) => body.ids.join());

  await click();
  assert.deepEqual([marked(), told, browser.went], [["n"], [["n", "http://app.test/photos/7", undefined]], ["http://app.test/photos/7"]]);
  isHandled = true;
  await click({ url: null }, { type: "message", id: "m", room_id: "tea" });
  await click({}, { id: "o" });
  assert.deepEqual([marked(), told.length, browser.went.length], [["n", "o"], 3, 1], "a message is read in its room");
  await click({ isOpened: true }, { id: "p" });
  await click({ at: Date.now() - 3_600_000 }, { id: "q" });
  assert.deepEqual([marked(), told.length, browser.went.length], [["n", "o", "p", "q"], 3, 1]);

  server.answer = (request) => (request.path === "notifications/read" ? [503, {}] : answer(request));
  await click({}, { id: "r" });
  const { lumenPush: task, clicks } = registration().active.posted.at(-1);
  assert.deepEqual([task, clicks.map(({ payload, isOpened }) => [payload.id, isOpened])], ["keep", [["r", true]]]);
});

test("a page that opens later takes the clicks that nobody has taken", async () => {
  await (await start()).enablePush();
  leavePage();
  registration().active.clicks.push({ key: "k", payload: { type: "notification", id: "n" }, url: null, isOpened: false, at: Date.now() });
  const client = new LumenNotify({ url: "http://app.test/", getToken: () => tokenOf("bob"), share: false });
  started.push(client);
  const told = [];
  client.addEventListener("notification-click", ({ detail }) => told.push(detail.id));
  client.start();
  await rest();
  assert.deepEqual([told, requests.find(({ path }) => path === "notifications/read").body.ids], [["n"], ["n"]]);
});

test("a worker gets an answer from the client of its user alone, while it runs", async () => {
  const client = await start();
  const look = () => browser.container.say(registration(), { lumenPush: "look" });
  await client.enablePush();
  assert.equal(await look(), true);
  assert.equal(await browser.container.say(registration(), { lumenPush: "look", scope: "http://app.test/other/" }), null);
  client.stop();
  assert.equal(await look(), null);
});

test("what is read is taken off, by an open page or the next one, and what is in no list stays", async () => {
  const client = await start();
  await client.enablePush();
  for (const tag of ["n1", "n2", "n3", "only"]) registration().show(tag);
  registration().show("room:tea", { lumenPush: { type: "message" } });
  registration().show("the application's own", null);
  const shown = () => registration().notifications.map(({ tag }) => tag);
  const others = ["only", "room:tea", "the application's own"];
  const list = (...read) => {
    const items = ["n1", "n2", "n3"].map((id) => ({ id, is_read: read.includes(id) }));
    server.answer = (request) => (request.path.startsWith("notifications?") ? [200, { items, next_cursor: null }] : answer(request));
  };
  const frame = async (...given) => {
    sources.at(-1).send(...given);
    await rest();
  };
  list("n1");
  await frame("seen", { data: { ids: ["n2"] } }, "e-2-a");
  assert.deepEqual(shown(), ["n1", "n2", "n3", ...others]);
  await frame("read", { ...counts(2), data: { ids: ["n1"] } }, "e-3-a");
  assert.deepEqual(shown(), ["n2", "n3", ...others]);
  list("n1", "n2");
  await frame("read", { ...counts(0), data: { category: "like" } }, "e-4-a");
  assert.deepEqual(shown(), ["n3", ...others]);
  leavePage();
  list("n1", "n2", "n3");
  await start();
  assert.deepEqual(shown(), others);
});

test("the badge follows the count while push is on", async () => {
  const client = await start();
  await client.enablePush();
  sources.at(-1).send("read", { ...counts(0), data: { all: true } }, "e-2-a");
  sources.at(-1).send("message", { type: "like", unread_count: 1, data: { id: "n", category: "like" } }, "e-3-a");
  assert.deepEqual(browser.badges, [2, 0, 1]);
  await client.disablePush();
  sources.at(-1).send("read", { ...counts(0), data: { all: true } }, "e-4-a");
  assert.deepEqual(browser.badges, [2, 0, 1]);
});
