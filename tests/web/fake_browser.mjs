// Fake browser: what the client uses of one, for tests in Node.js. All clients of a test are tabs of it.

import { setMaxListeners } from "node:events";

setMaxListeners(0); // a page has as many as it likes

/** Every EventSource that was opened, the oldest first. */
export const sources = [];
/** Every BroadcastChannel that is open, the oldest first. */
export const channels = [];
/** Every request: `{method, path, body, token}`. */
export const requests = [];
/** Answer a request: `(request) => [status, body, headers]`; undefined: as the server does. A body may be an Error. */
export const server = { answer: () => undefined };

class FakeEventSource extends EventTarget {
  constructor(url, options) {
    super();
    Object.assign(this, { url: new URL(url), options, isOpen: true });
    sources.push(this);
  }

  /** Send a frame. id: the cursor; without it the last one remains. */
  send(kind, body, id = this.lastId ?? "") {
    this.lastId = id;
    const event = new Event(kind);
    Object.assign(event, { data: JSON.stringify(body), lastEventId: id });
    if (this.isOpen) this.dispatchEvent(event);
  }

  ready(fields = {}, id = undefined) {
    this.send("ready", { connection_id: "c", ...counts(0), recovered: false, replayed: 0, ...fields }, id);
  }

  fail() {
    this.dispatchEvent(new Event("error"));
  }

  close() {
    this.isOpen = false;
  }
}

/** Exclusive locks, as of the Web Locks API. */
class FakeLocks {
  #held = new Map();
  #waiting = [];

  request(name, ...given) {
    const callback = given.pop();
    const [{ signal, steal = false } = {}] = given;
    return new Promise((resolve, reject) => {
      const request = { name, callback, resolve, reject };
      signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== request);
        reject(new DOMException("aborted", "AbortError"));
      });
      if (steal) {
        this.#held.get(name)?.reject(new DOMException("stolen", "AbortError"));
        this.#held.delete(name);
        this.#waiting.unshift(request);
      } else {
        this.#waiting.push(request);
      }
      queueMicrotask(() => this.#grant());
    });
  }

  #grant() {
    for (const request of [...this.#waiting]) {
      if (this.#held.has(request.name)) continue;
      this.#waiting = this.#waiting.filter((other) => other !== request);
      this.#held.set(request.name, request);
      Promise.resolve(request.callback()).then((value) => {
        if (this.#held.get(request.name) === request) this.#held.delete(request.name);
        request.resolve(value);
        this.#grant();
      });
    }
  }
}

class FakeChannel {
  onmessage = null;
  isMute = false; // its page hangs

  constructor(name) {
    this.name = name;
    channels.push(this);
  }

  postMessage(message) {
    if (this.isMute) return;
    const data = structuredClone(message);
    for (const other of channels) {
      if (other === this || other.name !== this.name) continue;
      queueMicrotask(() => channels.includes(other) && other.onmessage?.({ data }));
    }
  }

  close() {
    if (channels.includes(this)) channels.splice(channels.indexOf(this), 1);
  }
}

async function fakeFetch(url, { method, headers: sent, body }) {
  const path = url.pathname.split("/api/v1/")[1] + url.search;
  const request = { method, path, body: body && JSON.parse(body), token: sent?.authorization?.split(" ")[1] };
  requests.push(request);
  const [status, answer, headers] = server.answer(request) ?? [200, path.endsWith("tickets") ? { ticket: "t" } : {}];
  const json = async () => (answer instanceof Error ? Promise.reject(answer) : answer);
  return { ok: status < 400, status, headers: new Headers(headers), json };
}

const storage = new Map();

/** Put the fakes in place, as new. */
export function install() {
  sources.length = channels.length = requests.length = 0;
  storage.clear();
  server.answer = () => undefined;
  const page = new EventTarget();
  const values = {
    EventSource: FakeEventSource,
    BroadcastChannel: FakeChannel,
    navigator: { locks: new FakeLocks() },
    document: Object.assign(new EventTarget(), { baseURI: "http://app.test/", visibilityState: "visible" }),
    location: new URL("http://app.test/inbox"),
    matchMedia: () => ({ matches: false }),
    fetch: fakeFetch,
    sessionStorage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => storage.set(key, value),
      removeItem: (key) => storage.delete(key),
    },
    addEventListener: page.addEventListener.bind(page),
    dispatchEvent: page.dispatchEvent.bind(page),
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** Return a token as a server would sign it; nobody here looks at the signature. */
export function tokenOf(user, claims = {}) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [encode({ alg: "HS256" }), encode({ sub: user, exp: Date.now() / 1000 + 3600, ...claims }), "s"].join(".");
}

/** Let everything happen that waits for nothing else. */
export async function settle() {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

export function counts(unread, categories = unread ? { like: unread } : {}, rooms = {}) {
  return { unread_count: unread, unread: { categories, rooms } };
}
