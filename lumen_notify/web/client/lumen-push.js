// Push: what the browser shows while no page of the application is open. `lumen-push-worker.js` shows it.
//
// A browser is one device: that of the user whose client started last. What was registered is kept in localStorage, and
// compared at each start of a client: it is registered again if the browser has renewed the subscription, if the server
// has another key, or if the user is another one.

import { Problem } from "./lumen-notify.js";

const WORKER = "client/lumen-push-worker.js";
const POLICY = "lumen-push";
const CHECK_MS = 3_600_000; // how often a tab asks whether the server still has the device
const FRESH_MS = 60_000; // an older click is marked as read, but leads nowhere any more
const GONE = new Set(["read", "archive", "delete", "expire"]); // frames after which a notification is not shown any more
const MAX_COMPARED = 100; // notifications
const ACTIVE_MS = 20_000;
const ANSWER_MS = 3_000;

/** The clients whose service worker is followed, each with what ends it. */
const followed = new WeakMap();

// ---- For pages

/** Whether this is an iPhone or iPad whose user has to add the page to the home screen first. */
export function needsHomeScreen() {
  return navigator.standalone === false && !("PushManager" in globalThis);
}

export async function pushState(notify) {
  if (!isSupported()) return "unsupported";
  if (Notification.permission !== "granted") return Notification.permission;
  const device = kept(notify);
  if (device === null || device.user !== notify.user?.id) return "off";
  const subscription = await (await registrationOf(device))?.pushManager.getSubscription();
  return subscription?.endpoint === device.endpoint ? "on" : "off";
}

export function pushDevice(notify) {
  const device = kept(notify);
  return device !== null && device.user === notify.user?.id ? device.id : null;
}

export async function enablePush(notify, { name, kind, serviceWorker, scope, page = "/" } = {}) {
  await allow();
  const key = await publicKey(notify);
  const registration = await registered(notify, serviceWorker, scope);
  const options = { page, language: document.documentElement.lang || navigator.language };
  registration.active.postMessage({ lumenPush: "configure", options });
  const subscription = await subscribed(registration, key);
  const chosen = { name: name ?? browserName(), kind: kind ?? notify.device, scope: registration.scope };
  const before = kept(notify);
  if (before !== null && before.scope !== chosen.scope) await disablePush(notify); // it had another service worker
  return register(notify, subscription, chosen);
}

export async function disablePush(notify) {
  const device = kept(notify);
  if (device === null) return;
  await notify.removeDevice(device.id).catch(() => {}); // else the push service says that it is gone
  await drop(notify, device);
}

// ---- For the client

/** Follow the service worker, and compare what was registered. Called at each start of a client that has enabled push. */
export async function keepPush(notify) {
  const device = kept(notify);
  if (device === null || notify.user === null || !isSupported()) return;
  const registration = await registrationOf(device);
  if (Notification.permission !== "granted" || registration === null) {
    await disablePush(notify);
    return;
  }
  follow(notify, device.scope);
  if (device.user === notify.user.id) {
    await takeClicks(notify, registration);
    await takeOff(notify, device.scope).catch(() => {});
  }
  await navigator.locks.request(`lumen-notify push ${device.scope}`, () => compare(notify, registration));
}

/** A user signs out. token: theirs, since the client has none any more; null if the server has removed their devices. */
export async function leavePush(notify, user, token) {
  const device = kept(notify);
  if (device === null || device.user !== user) return;
  await Promise.all([token === null ? null : removeWith(token, notify, device), drop(notify, device)]);
}

async function removeWith(token, notify, { id }) {
  const url = new URL(`api/v1/devices/${encodeURIComponent(id)}`, notify.url);
  const headers = { authorization: `Bearer ${token}` };
  await fetch(url, { method: "DELETE", headers, credentials: "omit", keepalive: true }).catch(() => {});
}

// ---- Permission, worker, subscription

function isSupported() {
  return "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
}

function refused(code, message) {
  return new Problem(0, message, { code });
}

async function allow() {
  if (needsHomeScreen()) throw refused("push_home_screen", "Add this page to the home screen, and open it from there.");
  if (!isSupported()) throw refused("push_unsupported", "This browser has no push notifications, or the page is not secure.");
  if (Notification.permission === "default") {
    const isAsked = navigator.userActivation?.isActive ?? true;
    if (!isAsked) throw refused("push_no_gesture", "Call enablePush() when the user clicks.");
    await Notification.requestPermission();
  }
  if (Notification.permission === "default") throw refused("push_dismissed", "The user has not decided.");
  if (Notification.permission === "denied") throw refused("push_denied", "The browser blocks notifications of this page.");
}

async function publicKey(notify) {
  const { webpush } = (await notify.request("GET", "push/config")).providers;
  if (!webpush?.public_key) throw refused("push_off", "The server has no Web Push.");
  return webpush.public_key;
}

/** serviceWorker: an URL of this origin, or a registration of the application's own. */
async function registered(notify, serviceWorker, scope) {
  if (serviceWorker instanceof ServiceWorkerRegistration) return activated(serviceWorker);
  const url = new URL(serviceWorker ?? new URL(WORKER, notify.url), document.baseURI);
  if (url.origin !== location.origin) {
    const line = `importScripts("${url.href}")`;
    throw refused("push_worker", `The service worker must be of this page's origin: a file with ${line}.`);
  }
  const options = scope === undefined ? {} : { scope: new URL(scope, document.baseURI).href };
  return activated(await navigator.serviceWorker.register(trusted(url.href), options));
}

/** A page with `require-trusted-types-for 'script'` allows this policy by name. */
function trusted(url) {
  try {
    const createScriptURL = (text) => (new URL(text).origin === location.origin ? text : null);
    return trustedTypes.createPolicy(POLICY, { createScriptURL }).createScriptURL(url);
  } catch {
    return url; // the browser has none, or the page's policy does not allow it
  }
}

async function activated(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || worker === null) return registration;
  await new Promise((resolve, reject) => {
    const fail = () => reject(refused("push_worker", "The service worker does not start."));
    const timer = setTimeout(fail, ACTIVE_MS);
    worker.addEventListener("statechange", () => {
      if (worker.state !== "activated" && worker.state !== "redundant") return;
      clearTimeout(timer);
      if (worker.state === "activated") resolve();
      else fail();
    });
  });
  return registration;
}

async function registrationOf({ scope }) {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  return registration?.scope === scope && registration.active ? registration : null;
}

/** Return the subscription for a key; one for another key is ended. isNew: not the one there is. */
async function subscribed(registration, key, isNew = false) {
  const applicationServerKey = bytesOf(key);
  const before = await registration.pushManager.getSubscription();
  if (before !== null && !isNew && isFor(before, applicationServerKey)) return before;
  await before?.unsubscribe();
  try {
    return await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  } catch (error) {
    throw refused("push_service", `The browser's push service does not answer: ${error.message}`);
  }
}

function isFor(subscription, key) {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? []);
  return bytes.length === key.length && bytes.every((byte, index) => byte === key[index]);
}

function bytesOf(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Register a subscription as the user's device, and keep that. Return the device. */
async function register(notify, subscription, { name, kind, scope }) {
  const { endpoint, keys } = subscription.toJSON();
  const locale = isLanguage(navigator.language) ? navigator.language : undefined; // some browsers have "C"
  const device = await notify.request("POST", "devices", { provider: "webpush", subscription: { endpoint, keys }, name, kind, locale });
  keep(notify, { id: device.id, user: notify.user.id, endpoint, name, kind, scope });
  setChecked(device);
  follow(notify, scope);
  await tell(notify);
  return device;
}

/** Forget the device here: its subscription, its notifications, its clicks. */
async function drop(notify, device) {
  keep(notify, null);
  followed.get(notify)?.abort();
  const registration = await registrationOf(device).catch(() => null);
  registration?.active.postMessage({ lumenPush: "forget" });
  const subscription = await registration?.pushManager.getSubscription().catch(() => null);
  await subscription?.unsubscribe().catch(() => {});
  await tell(notify);
}

async function tell(notify) {
  notify.dispatchEvent(new CustomEvent("push", { detail: { state: await pushState(notify) } }));
}

/** Register again what is not as it was. */
async function compare(notify, registration) {
  const before = kept(notify); // another tab may have done it
  if (before === null || notify.user === null) return;
  const subscription = await registration.pushManager.getSubscription();
  const isOther = before.user !== notify.user.id;
  const isSame = subscription?.endpoint === before.endpoint && !isOther;
  if (isSame && isChecked(before)) return;
  if (isOther) registration.active.postMessage({ lumenPush: "forget" }); // what the one before has not seen
  const key = await publicKey(notify);
  const device = isSame ? (await notify.devices()).items.find(({ id }) => id === before.id) : null;
  if (device === undefined) {
    await drop(notify, before); // the user has removed it elsewhere, or has signed out everywhere
    return;
  }
  const current = await subscribed(registration, key, Boolean(device?.dropped_at));
  if (isSame && current.endpoint === before.endpoint) setChecked(before);
  else await replace(notify, current, before);
}

/** Register a subscription in place of what was registered. */
async function replace(notify, subscription, before) {
  const device = await register(notify, subscription, before);
  const isOld = device.id !== before.id && before.user === notify.user.id;
  if (isOld) await notify.removeDevice(before.id).catch(() => {}); // else the push service says that it is gone
}

// ---- What is kept in this browser

function keyOf(notify) {
  return `lumen-notify push ${notify.url}`; // lumen-notify.js looks whether there is one
}

/** `{id, user, endpoint, name, kind, scope}`; null if push is off. */
function kept(notify) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(notify)));
  } catch {
    return null;
  }
}

function keep(notify, device) {
  try {
    if (device === null) localStorage.removeItem(keyOf(notify));
    else localStorage.setItem(keyOf(notify), JSON.stringify(device));
  } catch {
    // Storage is disabled: the device remains until its push service says that it is gone.
  }
}

/** Whether this tab has asked the server for the device, not long ago. */
function isChecked({ id }) {
  try {
    return Number(sessionStorage.getItem(`lumen-notify push ${id}`)) > Date.now() - CHECK_MS;
  } catch {
    return false;
  }
}

function setChecked({ id }) {
  try {
    sessionStorage.setItem(`lumen-notify push ${id}`, String(Date.now()));
  } catch {
    // It asks again.
  }
}

// ---- The service worker's messages

function follow(notify, scope) {
  followed.get(notify)?.abort();
  const following = new AbortController();
  followed.set(notify, following);
  const { signal } = following;
  const isOurs = () => pushDevice(notify) !== null;
  const receive = ({ data, ports, source }) => {
    if (data?.scope !== scope || !isOurs()) return;
    if (data.lumenPush === "look") ports[0].postMessage(true);
    if (data.lumenPush === "click") takeClicks(notify, { active: source });
    if (data.lumenPush === "renew") keepPush(notify).catch(() => {});
  };
  navigator.serviceWorker.addEventListener("message", receive, { signal });
  notify.addEventListener("unread", ({ detail }) => isOurs() && setBadge(detail.unread_count), { signal });
  notify.addEventListener("frame", ({ detail: { frame, data } }) => {
    if (isOurs() && GONE.has(frame)) takeOff(notify, scope, data.ids).catch(() => {});
  }, { signal });
  notify.addEventListener("state", ({ detail }) => detail.reason === "stopped" && following.abort(), { signal });
  if (notify.unreadCount !== null && isOurs()) setBadge(notify.unreadCount);
}

/**
 * Take off what was read, also where no push says so: Safari gets none that shows nothing. ids: of what was read; null: the
 * newest notifications are asked for. One that is in no list stays: it was published for devices alone.
 */
async function takeOff(notify, scope, ids = null) {
  const all = (await (await registrationOf({ scope }))?.getNotifications()) ?? [];
  const shown = all.filter(({ data }) => data?.lumenPush?.type === "notification");
  if (shown.length === 0) return;
  const read = new Set(ids ?? (await notify.list({ limit: MAX_COMPARED })).items.filter((item) => item.is_read).map(({ id }) => id));
  for (const one of shown) if (read.has(one.data.lumenPush.id)) one.close();
}

function setBadge(count) {
  const done = count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  done?.catch(() => {});
}

/** Mark what was clicked as read, and go where the last click leads, if the page does not do so itself. */
async function takeClicks(notify, { active }) {
  const clicks = await ask(active, { lumenPush: "take" });
  const ids = clicks.filter(({ payload }) => payload.type === "notification" && payload.id).map(({ payload }) => payload.id);
  if (ids.length > 0) {
    notify.mark("read", { ids }).catch(({ status }) => {
      if (status === 0 || status >= 500) active.postMessage({ lumenPush: "keep", clicks: clicks.map((one) => ({ ...one, isOpened: true })) });
    });
  }
  const last = clicks.at(-1);
  if (last === undefined || last.isOpened || Date.now() - last.at > FRESH_MS) return;
  const event = new CustomEvent("notification-click", { detail: { ...last.payload, url: last.url }, cancelable: true });
  if (notify.dispatchEvent(event) && last.url !== null) location.assign(last.url);
}

/** Return a worker's answer; nothing if it does not answer. */
function ask(worker, message) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const finish = (answer) => {
      clearTimeout(timer);
      port1.close();
      resolve(answer);
    };
    const timer = setTimeout(finish, ANSWER_MS, []);
    port1.onmessage = ({ data }) => finish(data);
    worker.postMessage(message, [port2]);
  });
}

// ---- The device's name and language

/** Whether a text is a language tag (BCP 47). */
function isLanguage(text) {
  return /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(text);
}

const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung Internet"], ["Firefox", "Firefox"],
  ["FxiOS", "Firefox"], ["CriOS", "Chrome"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["CrOS", "ChromeOS"], ["Windows", "Windows"],
  ["Mac OS X", "Mac"], ["Linux", "Linux"]];

/** Return a name such as "Firefox, Linux", by which a user knows the device in a list. */
function browserName() {
  const found = [BROWSERS, SYSTEMS].map((names) => names.find(([part]) => navigator.userAgent.includes(part))?.[1]);
  return found.filter(Boolean).join(", ") || "Browser";
}
