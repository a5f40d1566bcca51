// Push worker: what `lumen-push-worker.js` shows, takes off and opens, whatever was pushed.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { HOSTILE, WorkerHarness } from "./fake_push.mjs";

const LIKE = {
  type: "notification", tag: "n1", id: "n1", unread_count: 3, category: "like", title: "Bob", content: "liked your photo",
  priority: "normal", url: "/photos/7", created_at: "2026-01-01T00:00:00.000Z",
};

/** The tag of each that is shown. */
const tagsOf = (worker) => worker.notifications.map(({ tag }) => tag);

test("a notification is shown with what it has, and the badge is the user's unread count", async () => {
  const worker = new WorkerHarness();
  await worker.push({ ...LIKE, icon: "/bob.png", actions: [{ label: "Reply", url: "/reply" }] });
  const [shown] = worker.notifications;
  assert.deepEqual([shown.title, shown.body, shown.tag], ["Bob", "liked your photo", "n1"]);
  assert.deepEqual([shown.icon, shown.dir, shown.lang], ["https://app.test/bob.png", "auto", "en"]);
  assert.equal(shown.timestamp, Date.UTC(2026, 0, 1));
  assert.deepEqual(shown.actions, [{ action: "0", title: "Reply" }]);
  assert.deepEqual([shown.requireInteraction, shown.renotify, shown.silent], [false, false, false]);
  assert.deepEqual(worker.badges, [3]);
});

test("an urgent one stays until it is seen, a low one is silent, and a repeat does not ring again", async () => {
  const worker = new WorkerHarness();
  await worker.push({ ...LIKE, tag: "u", id: "u", priority: "urgent" });
  assert.equal(worker.notifications[0].requireInteraction, true);
  await worker.push({ ...LIKE, tag: "l", id: "l", priority: "low" });
  for (const content of ["one", "one", "two"]) await worker.push({ ...LIKE, id: content, tag: "room:tea", priority: "high", content });
  for (const content of ["one", "two"]) await worker.push({ ...LIKE, id: content, tag: "room:pot", content });
  assert.deepEqual(worker.rings.map(([, rang]) => rang), [true, false, true, false, true, true, false]);
  assert.deepEqual(tagsOf(worker), ["u", "l", "room:tea", "room:pot"]);
});

test("whatever is pushed, something is shown, within bounds", async () => {
  const long = { title: "t".repeat(5000), content: `${"😀".repeat(2999)}`, tag: "g".repeat(500), priority: "urgent", icon: "javascript:alert(1)" };
  const strange = { type: "of a later version", unread_count: "7", created_at: "yesterday", actions: "no", url: "javascript:alert(1)" };
  for (const payload of [...HOSTILE, undefined, "{", "no JSON", long, strange]) {
    const worker = new WorkerHarness();
    await worker.push(payload);
    const [shown] = worker.notifications;
    assert.ok(shown.title.length > 0 && shown.title.length <= 200, JSON.stringify(payload));
    assert.ok(shown.body.length <= 1000 && shown.body.isWellFormed());
    assert.ok(shown.tag.length > 0 && shown.tag.length <= 200);
    assert.deepEqual([shown.icon, shown.timestamp, worker.badges], [undefined, undefined, []]);
    await worker.click();
    assert.deepEqual(worker.windows, ["https://app.test/"]);
  }
});

test("options that a browser does not take are left out", async () => {
  const worker = new WorkerHarness();
  worker.isPicky = true;
  await worker.push(LIKE);
  assert.deepEqual([worker.notifications[0].title, worker.notifications[0].body], ["Bob", "liked your photo"]);
});

test("without a title, the words are those of the user's language", async () => {
  const titles = [];
  for (const [language, count] of [["en", 1], ["en", 5], ["zh-TW", 5], ["zh-Hans-HK", 5], ["zh-CN", 1], ["de", 2]]) {
    const worker = new WorkerHarness();
    await worker.say({ lumenPush: "configure", options: { page: "/", language } });
    await worker.push({ type: "notification", tag: "n", unread_count: count });
    titles.push(worker.notifications[0].title);
  }
  assert.deepEqual(titles, ["New notification", "5 unread notifications", "5 則未讀通知", "5 条未读通知", "新通知", "2 unread notifications"]);
});

test("what was read elsewhere is taken off, and nothing else", async () => {
  const worker = new WorkerHarness();
  for (const id of ["a", "b", "c"]) await worker.push({ ...LIKE, id, tag: id });
  worker.notifications.push({ title: "the application's own", tag: "a", data: null, close: () => assert.fail() });
  await worker.push({ type: "read", tags: ["a", "c", "nothing"], unread_count: 0 });
  assert.deepEqual(worker.notifications.map(({ title, tag }) => [title, tag]), [["Bob", "b"], ["the application's own", "a"]]);
  assert.deepEqual(worker.badges, [3, 3, 3, 0]);
  for (const tags of [undefined, "b", { length: 1 }, [null, {}]]) await worker.push({ type: "read", tags });
  assert.equal(worker.notifications.length, 2);
});

test("a push is shown whatever tabs are open: the server has decided that the user does not look", async () => {
  const worker = new WorkerHarness();
  worker.open(true);
  await worker.push(LIKE);
  assert.deepEqual(tagsOf(worker), ["n1"]);
});

test("a click focuses the tab that has a client, which takes the click once", async () => {
  const worker = new WorkerHarness();
  const [plain, tab] = [worker.open(), worker.open(true, "hidden")];
  await worker.push(LIKE);
  await worker.click();
  assert.deepEqual([plain.isFocused, tab.isFocused, tab.heard.at(-1), worker.windows], [false, true, "click", []]);
  assert.deepEqual(tagsOf(worker), []);
  const [{ payload, url, isOpened }, ...others] = await worker.say({ lumenPush: "take" });
  assert.deepEqual([payload, url, isOpened, others], [LIKE, "https://app.test/photos/7", false, []]);
  assert.deepEqual(await worker.say({ lumenPush: "take" }), []);
});

test("a click without such a tab opens where it leads, and is kept for the next page", async () => {
  const worker = new WorkerHarness();
  worker.open();
  await worker.say({ lumenPush: "configure", options: { page: "/inbox/" } });
  for (const url of ["/photos/7", undefined, "javascript:alert(1)", "data:text/html,x", "https://elsewhere.test/x", "../up"]) {
    await worker.push({ ...LIKE, url });
    await worker.click();
  }
  const home = "https://app.test/inbox/";
  assert.deepEqual(worker.windows, ["https://app.test/photos/7", home, home, home, "https://elsewhere.test/x", "https://app.test/up"]);
  const clicks = await worker.say({ lumenPush: "take" });
  assert.deepEqual(clicks.map(({ isOpened }) => isOpened), [true, false, false, false, true, true]);
});

test("an address of another origin opens beside the tab, which marks it", async () => {
  const worker = new WorkerHarness();
  const tab = worker.open(true);
  await worker.push({ ...LIKE, url: "https://elsewhere.test/x" });
  await worker.click();
  assert.deepEqual([worker.windows, tab.isFocused, tab.heard.at(-1)], [["https://elsewhere.test/x"], false, "click"]);
});

test("an action opens its own address, and only what the notification has", async () => {
  const worker = new WorkerHarness();
  const actions = [{ label: "" }, { label: "Reply", url: "/reply" }, { label: "Hm", url: "javascript:1" }];
  for (const action of ["0", "1", "7", "constructor"]) {
    await worker.push({ ...LIKE, actions });
    await worker.click(worker.notifications[0], action);
  }
  assert.deepEqual(worker.windows, ["https://app.test/reply", ...Array(3).fill("https://app.test/")]);
});

test("clicks are kept for a week, and at most fifty", async () => {
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const worker = new WorkerHarness();
  worker.self.Date = Date;
  for (let number = 0; number < 60; number += 1) {
    await worker.push({ ...LIKE, id: String(number), tag: "n" });
    await worker.click();
  }
  const clicks = await worker.say({ lumenPush: "take" });
  assert.deepEqual([clicks.length, clicks.at(-1).payload.id], [50, "59"]);
  await worker.say({ lumenPush: "keep", clicks: clicks.slice(0, 2) });
  assert.equal((await worker.say({ lumenPush: "take" })).length, 2);
  await worker.say({ lumenPush: "keep", clicks });
  mock.timers.tick(8 * 86_400_000);
  assert.deepEqual(await worker.say({ lumenPush: "take" }), []);
  mock.timers.reset();
});

test("the application's own notifications are left alone", async () => {
  const worker = new WorkerHarness();
  await worker.click({ data: { id: 7 }, close: () => assert.fail() });
  await worker.click({ data: null, close: () => assert.fail() });
  assert.deepEqual(worker.windows, []);
});

test("after the user has signed out nothing of theirs remains", async () => {
  const worker = new WorkerHarness();
  await worker.push(LIKE);
  await worker.click();
  await worker.push({ ...LIKE, tag: "n2" });
  await worker.say({ lumenPush: "forget" });
  assert.deepEqual([tagsOf(worker), await worker.say({ lumenPush: "take" }), worker.badges.at(-1)], [[], [], 0]);
});

test("a subscription that has ended is made again, and the pages are told", async () => {
  const worker = new WorkerHarness();
  const tab = worker.open();
  const options = { userVisibleOnly: true, applicationServerKey: "key" };
  await worker.fire("pushsubscriptionchange", { oldSubscription: { options }, newSubscription: null });
  assert.deepEqual([worker.subscription.options, tab.heard], [options, ["renew"]]);
  await worker.fire("pushsubscriptionchange", { oldSubscription: null, newSubscription: null });
  assert.equal(tab.heard.length, 2);
});
