// Fake push: what `lumen-push.js` and its worker use of a browser, for tests in Node.js, beside `fake_browser.mjs`.

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

export const KEY = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM";
export const OTHER_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

export const HOSTILE = [null, [], "text", 7, {}, { type: 5, tag: {}, title: [], content: {}, sender: "x", actions: [null, 3] }];

const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64url"));

class FakePushManager {
  static made = 0; // subscriptions of the browser
  current = null;
  failure = null;

  async getSubscription() {
    return this.current;
  }

  async subscribe({ applicationServerKey, userVisibleOnly }) {
    if (this.failure !== null) throw this.failure;
    if (!userVisibleOnly) throw new Error("silent");
    const number = (FakePushManager.made += 1);
    const endpoint = `https://push.test/${number}`;
    this.current = {
      endpoint,
      options: { applicationServerKey: applicationServerKey.buffer ?? applicationServerKey, userVisibleOnly },
      toJSON: () => ({ endpoint: this.current.endpoint, expirationTime: null, keys: { p256dh: `p${number}`, auth: "a" } }),
      unsubscribe: async () => ((this.current = null), true),
    };
    return this.current;
  }
}

/** What the page sees of a registered worker. */
class FakeRegistration {
  installing = null;
  waiting = null;
  pushManager = new FakePushManager();

  notifications = [];

  async getNotifications() {
    return [...this.notifications];
  }

  /** Show a notification, as the worker would for a push. */
  show(tag, data = { lumenPush: { id: tag, type: "notification" } }) {
    const close = () => (this.notifications = this.notifications.filter((one) => one.tag !== tag));
    this.notifications.push({ tag, data, close });
  }

  constructor(url, scope) {
    this.scope = scope;
    this.active = {
      url,
      posted: [], // each message
      clicks: [], // what `take` answers
      postMessage(message, ports = []) {
        this.posted.push(message);
        if (message.lumenPush === "take") ports[0].postMessage(this.clicks.splice(0));
      },
    };
  }
}

class FakeContainer extends EventTarget {
  registrations = [];

  async register(url, { scope = new URL("./", url).href } = {}) {
    const found = this.registrations.find((other) => other.scope === scope);
    if (found) return found;
    const made = new FakeRegistration(url, scope);
    this.registrations.push(made);
    return made;
  }

  async getRegistration(url) {
    const found = this.registrations.filter(({ scope }) => url.startsWith(scope));
    return found.sort((a, b) => b.scope.length - a.scope.length)[0]; // the longest scope
  }

  /** Send a message as the worker of a registration would. Return the answer, or null. */
  async say(registration, message) {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(resolve, 50, null);
    });
    const data = { scope: registration.scope, ...message };
    this.dispatchEvent(Object.assign(new Event("message"), { data, ports: [port2], source: registration.active }));
    return answer.finally(() => port1.close());
  }
}

/** Put a browser with push in place, as new. Return what tests change of it. */
export function installPush({ permission = "default", answer = "granted" } = {}) {
  const storage = new Map();
  FakePushManager.made = 0;
  const browser = { badges: [], asked: 0, container: new FakeContainer(), storage, went: [] };
  const values = {
    PushManager: FakePushManager,
    ServiceWorkerRegistration: FakeRegistration,
    Notification: {
      permission,
      async requestPermission() {
        browser.asked += 1;
        return (this.permission = answer);
      },
    },
    localStorage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => storage.set(key, value),
      removeItem: (key) => storage.delete(key),
    },
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  document.documentElement = { lang: "en" };
  location.assign = (url) => browser.went.push(url);
  Object.assign(navigator, {
    serviceWorker: browser.container,
    userActivation: { isActive: true },
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    language: "en-GB",
    setAppBadge: async (count) => browser.badges.push(count),
    clearAppBadge: async () => browser.badges.push(0),
  });
  return browser;
}

const SOURCE = new URL("../../lumen_notify/web/client/lumen-push-worker.js", import.meta.url);

/** The service worker, run with a fake browser around it. */
export class WorkerHarness {
  badges = [];
  notifications = []; // what is shown
  rings = []; // the title of each that was shown, and whether it rang
  windows = []; // what was opened
  tabs = [];
  subscription = null;
  isPicky = false; // shows nothing with options that are new

  constructor(scope = "https://app.test/client/") {
    const listeners = {};
    const store = new Map();
    const harness = this;
    const cache = {
      put: async (key, response) => void store.set(key, await response.text()),
      match: async (key) => (store.has(key.url ?? key) ? new Response(store.get(key.url ?? key)) : undefined),
      delete: async ({ url }) => store.delete(url),
      keys: async () => [...store.keys()].map((url) => ({ url })),
    };
    const registration = {
      scope,
      pushManager: {
        getSubscription: async () => this.subscription,
        subscribe: async (options) => (this.subscription = { endpoint: "https://push.test/new", options }),
      },
      getNotifications: async ({ tag } = {}) => this.notifications.filter((one) => tag === undefined || one.tag === tag),
      showNotification: async (title, options) => {
        if (this.isPicky && options.actions) throw new TypeError("actions");
        if (options.renotify && !options.tag) throw new TypeError("renotify");
        const shown = { title, ...structuredClone(options), close: () => harness.#close(shown) };
        const before = this.notifications.findIndex((one) => one.tag === shown.tag);
        if (before >= 0) this.notifications.splice(before, 1);
        this.rings.push([title, !options.silent && (before < 0 || options.renotify === true)]);
        this.notifications.push(shown);
      },
    };
    const self = {
      registration,
      location: new URL("lumen-push-worker.js", scope),
      addEventListener: (name, listener) => (listeners[name] = listener),
      clients: { matchAll: async () => this.tabs, openWindow: async (url) => void this.windows.push(url) },
      caches: { open: async () => cache, match: async (key) => cache.match(key) },
      navigator: {
        language: "en",
        setAppBadge: async (count) => this.badges.push(count),
        clearAppBadge: async () => this.badges.push(0),
      },
      URL, Response, MessageChannel, setTimeout, clearTimeout, Promise,
    };
    self.self = self;
    this.self = self;
    this.store = store;
    this.listeners = listeners;
    runInContext(readFileSync(SOURCE, "utf-8"), createContext(self));
  }

  /** Dispatch an event and wait for what it waits for. */
  async fire(name, fields = {}) {
    const waits = [];
    this.listeners[name]({ waitUntil: (promise) => waits.push(promise), ...fields });
    await Promise.all(waits);
  }

  /** payload: an object, or the text that was pushed; undefined: nothing. */
  async push(payload) {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    await this.fire("push", { data: payload === undefined ? null : { json: () => JSON.parse(text) } });
  }

  async click(notification = this.notifications[0], action = "") {
    await this.fire("notificationclick", { notification, action });
  }

  async say(message) {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    await this.fire("message", { data: message, ports: [port2] });
    const taken = message.lumenPush === "take" ? await answer : null;
    port1.close();
    return taken;
  }

  /** Open a tab. hasClient: of the user. */
  open(hasClient = false, visibilityState = "visible") {
    const tab = {
      visibilityState,
      heard: [],
      isFocused: false,
      postMessage(message, ports = []) {
        this.heard.push(message.lumenPush);
        if (message.lumenPush === "look" && hasClient) ports[0].postMessage(true);
      },
      async focus() {
        this.isFocused = true;
      },
    };
    this.tabs.push(tab);
    return tab;
  }

  #close(shown) {
    this.notifications = this.notifications.filter((one) => one !== shown);
  }
}

export { bytesOf };
