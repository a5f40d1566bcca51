// Push worker: the service worker that shows what is pushed. One file without imports, so that a worker of an
// application can have it by importScripts.
//
// It has no token. What needs one, marking as read and registering a renewed subscription, is done by the page: by the
// open tab at once, else by the next page with a client (`lumen-push.js`), for which clicks are kept here.

"use strict";

(() => {
  const MAX_TITLE = 200; // characters
  const MAX_BODY = 1_000;
  const MAX_TAG = 200;
  const MAX_ACTIONS = 4;
  const MAX_TAGS = 1_000;
  const MAX_CLICKS = 50;
  const CLICK_DAYS = 7;
  const ANSWER_MS = 400; // for tabs to answer; the browser allows a window to be opened some seconds after a click
  const STORE = "lumen-push";
  const WORDS = {
    en: ["New notification", "{count} unread notifications"],
    "zh-Hans": ["新通知", "{count} 条未读通知"],
    "zh-Hant": ["新通知", "{count} 則未讀通知"],
  };
  const { registration } = self;

  addEventListener("push", (event) => event.waitUntil(receive(payloadOf(event.data))));
  addEventListener("notificationclick", (event) => {
    const payload = ours(event.notification);
    if (payload === null) return;
    event.notification.close();
    event.waitUntil(click(payload, event.action));
  });
  addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
  addEventListener("message", (event) => {
    const { lumenPush: task } = event.data ?? {};
    if (task === "configure") event.waitUntil(keep("options", event.data.options));
    if (task === "take") event.waitUntil(takeClicks().then((clicks) => event.ports[0]?.postMessage(clicks)));
    if (task === "keep") event.waitUntil(Promise.all(event.data.clicks.map((one) => keep(`click/${one.key}`, one))));
    if (task === "forget") event.waitUntil(forget());
  });

  /** Return what was pushed; {} if it is nothing of ours. */
  function payloadOf(message) {
    try {
      const payload = message.json();
      return typeof payload === "object" && !Array.isArray(payload) ? (payload ?? {}) : {};
    } catch {
      return {};
    }
  }

  function ours(notification) {
    return notification.data?.lumenPush ?? null;
  }

  async function receive(payload) {
    await setBadge(payload.unread_count);
    if (payload.type === "read") await takeOff(payload.tags);
    else await show(payload);
  }

  /** count: all that is unread; anything but a number changes nothing. */
  async function setBadge(count) {
    if (!Number.isInteger(count) || count < 0 || !navigator.setAppBadge) return;
    await (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {});
  }

  // ---- Show, and take off

  async function show(payload) {
    const { page, language } = await kept("options");
    const tag = plain(payload.tag, MAX_TAG) || plain(payload.id, MAX_TAG) || STORE;
    const shown = await registration.getNotifications({ tag });
    const isRepeat = shown.some((other) => ours(other)?.id === payload.id && ours(other).content === payload.content);
    const at = Date.parse(payload.created_at);
    const options = {
      body: plain(payload.content, MAX_BODY),
      tag,
      data: { lumenPush: payload },
      renotify: !isRepeat && (payload.priority === "high" || payload.priority === "urgent"),
      requireInteraction: payload.priority === "urgent",
      silent: payload.priority === "low",
      dir: "auto",
      lang: language ?? navigator.language,
      actions: actionsOf(payload).map(({ label }, index) => ({ action: String(index), title: plain(label, MAX_TITLE) })),
    };
    const icon = addressOf(payload.icon ?? payload.sender?.avatar, page);
    if (icon !== null) options.icon = icon.href;
    if (at > 0) options.timestamp = at;
    const title = plain(payload.title, MAX_TITLE) || plain(payload.sender?.username, MAX_TITLE) || generic(payload, language);
    try {
      await registration.showNotification(title, options);
    } catch {
      // What this browser does not take of the options.
      await registration.showNotification(title, { body: options.body, tag, data: options.data });
    }
  }

  /** Return the words for a push without a title. */
  function generic({ unread_count: count }, language = navigator.language) {
    const isTraditional = /\b(Hant|TW|HK|MO)\b/i.test(language) && !/\bHans\b/i.test(language);
    const script = !/^zh\b/i.test(language) ? "en" : isTraditional ? "zh-Hant" : "zh-Hans";
    const [one, several] = WORDS[script];
    return Number.isInteger(count) && count > 1 ? several.replace("{count}", count) : one;
  }

  function plain(text, limit) {
    if (typeof text !== "string" || text.length <= limit) return typeof text === "string" ? text : "";
    return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
  }

  function actionsOf({ actions }) {
    if (!Array.isArray(actions)) return [];
    return actions.filter((action) => typeof action?.label === "string" && action.label !== "").slice(0, MAX_ACTIONS);
  }

  /** Return an address of http or https; null for anything else, such as `javascript:`. */
  function addressOf(text, page) {
    if (typeof text !== "string" || text === "") return null;
    try {
      const url = new URL(text, new URL(page ?? "/", self.location.origin));
      return url.protocol === "https:" || url.protocol === "http:" ? url : null;
    } catch {
      return null;
    }
  }

  /** Take off what was read elsewhere. */
  async function takeOff(tags) {
    const wanted = new Set((Array.isArray(tags) ? tags.slice(0, MAX_TAGS) : []).map((tag) => plain(tag, MAX_TAG)));
    const shown = (await registration.getNotifications()).filter((one) => ours(one) !== null && wanted.has(one.tag));
    for (const one of shown) one.close();
  }

  // ---- Tabs

  function tabs() {
    return clients.matchAll({ type: "window", includeUncontrolled: true });
  }

  /** Return the first tab in order that has a client of the user; null without one. */
  async function tabOfClient() {
    const asked = await tabs();
    const answers = await Promise.all(asked.map(look));
    return asked.find((tab, index) => answers[index]) ?? null;
  }

  /** Return whether a tab has a client of the user. */
  function look(tab) {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      const finish = (answer) => {
        clearTimeout(timer);
        port1.close();
        resolve(answer);
      };
      const timer = setTimeout(finish, ANSWER_MS, false);
      port1.onmessage = ({ data }) => finish(data);
      tab.postMessage({ lumenPush: "look", scope: registration.scope }, [port2]);
    });
  }

  // ---- Click

  /** action: the number of one; "" for the notification itself. */
  async function click(payload, action) {
    const { page } = await kept("options");
    const chosen = action === "" ? payload.url : actionsOf(payload)[Number(action)]?.url;
    const url = addressOf(chosen, page);
    const isElsewhere = url !== null && url.origin !== self.location.origin;
    const tab = await tabOfClient();
    const key = `${Date.now()}-${Math.random()}`;
    const isOpened = isElsewhere || (tab === null && url !== null); // so the page has not to go there
    await keep(`click/${key}`, { key, payload, url: url?.href ?? null, isOpened, at: Date.now() });
    tab?.postMessage({ lumenPush: "click", scope: registration.scope });
    if (tab !== null && !isElsewhere) await tab.focus().catch(() => {});
    else await clients.openWindow(url?.href ?? addressOf(page ?? "/").href).catch(() => {});
  }

  /** Return the clicks that no page has taken, the oldest first. Each is returned once. */
  async function takeClicks() {
    const store = await caches.open(STORE);
    const clicks = [];
    for (const request of await store.keys()) {
      if (!request.url.startsWith(keyOf("click/"))) continue;
      const stored = await store.match(request);
      if (stored && (await store.delete(request))) clicks.push(await stored.json());
    }
    return clicks.filter(({ at }) => at > Date.now() - CLICK_DAYS * 86_400_000).slice(-MAX_CLICKS);
  }

  // ---- What is kept: as answers in a cache, the smallest store that a worker has

  function keyOf(name) {
    return new URL(`lumen-push/${name}`, registration.scope).href;
  }

  async function keep(name, value) {
    await (await caches.open(STORE)).put(keyOf(name), new Response(JSON.stringify(value)));
  }

  async function kept(name) {
    const stored = await caches.match(keyOf(name), { cacheName: STORE }).catch(() => undefined);
    return stored ? stored.json() : {};
  }

  /** The user has signed out: nothing of them remains. */
  async function forget() {
    for (const notification of await registration.getNotifications()) if (ours(notification) !== null) notification.close();
    await takeClicks();
    await setBadge(0);
  }

  // ---- Subscription

  /** The push service has ended the subscription. A page registers the new one, at its next start if none is open. */
  async function renew({ oldSubscription, newSubscription }) {
    if (!newSubscription && oldSubscription) await registration.pushManager.subscribe(oldSubscription.options).catch(() => {});
    for (const tab of await tabs()) tab.postMessage({ lumenPush: "renew", scope: registration.scope });
  }
})();
