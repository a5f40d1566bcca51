// LumenNotify: one event stream for all tabs of a user, its frames as events, and the calls of the API.

/** Frames of events in the log: their id is a position. `message` has no event name on the wire. */
const DURABLE = new Set([
  "message", "read", "seen", "unread", "archive", "unarchive", "delete", "expire", "preferences",
  "joined", "left", "member", "room", "message_edited", "message_deleted", "notification_edited",
]);
export const FRAMES = [...DURABLE, "ready", "caught_up", "reset", "ping", "expiring", "closing", "typing", "presence"];

const SHORTEST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
const MAX_TRIES = 15;
const PING_SECONDS = 30;
const SILENT_PINGS = 2.5;
const TIMEOUT_MS = 20_000;
const TYPING_MS = 3_000;
const FRESH_SECONDS = 30; // a token that ends sooner is replaced before it is used
const FEATURES = ["messaging", "typing", "presence", "notifications", "admin", "files", "voice"];
const CONTENT = new Set(["messaging", "notifications", "presence", "typing", "admin"]);
const ACTIVITY = ["online", "focus", "pointerdown", "keydown"];

export class Problem extends Error {
  constructor(status, message, { code = null, retryAfter = null } = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Return the wait before an attempt in ms. tries: how many have failed so far, at least 1. */
export function backoff(tries, random = Math.random()) {
  const ceiling = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** tries);
  return SHORTEST_WAIT_MS + (ceiling - SHORTEST_WAIT_MS) * random;
}

/** Return the position of a cursor, `<epoch>-<position>-<check>`. */
export function positionOf(cursor) {
  return Number(cursor.split("-")[1]);
}

/** Return the claims that a token states, unverified (RFC 7519, section 3): `{id, name, avatar, scopes, expiresAt}`. */
export function userOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const { sub, name, preferred_username, avatar, scope, exp } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof sub !== "string" || sub === "") return null;
    const scopes = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
    return { id: sub, name: String(name || preferred_username || sub), avatar: avatar ?? null, scopes, expiresAt: exp ?? Infinity };
  } catch {
    return null;
  }
}

/** Return the features of the first rule that matches the path; all without rules, none if no rule matches. */
export function featuresOf(rules, path) {
  if (!rules) return new Set(FEATURES);
  const rule = rules.find((one) => expressionOf(one.path).test(path));
  return new Set(rule?.features ?? []);
}

function expressionOf(path) {
  const parts = path.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}

function deviceOf() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
}

/**
 * Keeps one EventSource open for as long as `open` was called last. Every attempt has a ticket of its own, so that a
 * refusal has a status, which EventSource hides.
 */
class Stream {
  #source = null;
  #turn = 0; // connecting or closing invalidates earlier attempts
  #tries = 0;
  #timer = null;
  #watch = null;
  #heardAt = 0;
  #triedAt = 0;
  #pingMs = PING_SECONDS * 1000;
  #replaysLeft = 0;
  #on;

  /** on: `{url() -> Promise<URL>, cursor(), frame(kind, body, id, isReplayed), state(state, reason, nextAttemptAt)}`. */
  constructor(on) {
    this.#on = on;
  }

  open() {
    this.#tries = 0;
    this.#connect();
  }

  /** Connect now if nothing is open and the last attempt is not too fresh. */
  nudge() {
    if (this.#source === null && Date.now() - this.#triedAt >= SHORTEST_WAIT_MS) this.open();
    else this.#listen();
  }

  close(reason = "stopped") {
    this.#drop();
    this.#on.state("closed", reason, null);
  }

  async #connect() {
    this.#drop();
    const turn = this.#turn;
    this.#triedAt = Date.now();
    this.#on.state("connecting", null, null);
    let url;
    try {
      url = await this.#on.url();
    } catch (problem) {
      if (turn === this.#turn) this.#refused(problem);
      return;
    }
    if (turn !== this.#turn) return;
    const source = (this.#source = new EventSource(url, { withCredentials: url.origin !== location.origin }));
    for (const kind of FRAMES) {
      source.addEventListener(kind, (event) => source === this.#source && this.#take(kind, event));
    }
    source.addEventListener("error", () => source === this.#source && this.#wait());
    this.#heardAt = Date.now();
    this.#watch = setInterval(() => this.#listen(), this.#pingMs / 6);
  }

  #drop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#source?.close();
    this.#source = null;
  }

  #refused(problem) {
    const ends = { 401: "signed_out", 403: "forbidden" };
    if (problem.status in ends) this.close(ends[problem.status]);
    else this.#wait();
  }

  #wait() {
    this.#drop();
    this.#tries += 1;
    if (this.#tries > MAX_TRIES) {
      this.close("unreachable");
      return;
    }
    const delay = backoff(this.#tries);
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#on.state("waiting", null, Date.now() + delay);
  }

  /** Reconnect if the server has been silent for too long: the connection is half open. */
  #listen() {
    if (this.#source !== null && Date.now() - this.#heardAt > SILENT_PINGS * this.#pingMs) this.#connect();
  }

  #take(kind, event) {
    this.#heardAt = Date.now();
    const body = JSON.parse(event.data);
    if (kind === "ready") {
      this.#tries = 0;
      this.#pingMs = (body.ping_seconds ?? PING_SECONDS) * 1000;
      this.#replaysLeft = body.replayed ?? Infinity;
      this.#on.state("open", null, null);
    } else if (kind === "caught_up") {
      this.#replaysLeft = 0;
    }
    const isReplayed = DURABLE.has(kind) && this.#replaysLeft > 0;
    if (isReplayed) this.#replaysLeft -= 1;
    this.#on.frame(kind, body, event.lastEventId, isReplayed);
    if (kind === "closing") this.#end(body);
  }

  #end({ reason, reconnect }) {
    if (reconnect) this.#wait();
    else if (reason === "expired") this.#connect(); // with a fresh token
    else this.close(reason);
  }
}

/**
 * The tabs of a user: one of them leads, by a Web Lock. The others get what it sends by a BroadcastChannel. Without
 * either each tab leads itself.
 */
class Tabs {
  isLeader = false;
  #channel = null;
  #release = null;
  #abort = null;
  #name;
  #on;

  /** on: `{lead(), follow(), receive(message)}`. */
  constructor(name, on) {
    this.#name = name;
    this.#on = on;
  }

  join(isShared) {
    if (!isShared || !navigator.locks || !window.BroadcastChannel) {
      this.isLeader = true;
      this.#on.lead();
      return;
    }
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#on.receive(data);
    this.#abort = new AbortController();
    this.send({ type: "hello" });
    navigator.locks.request(this.#name, { signal: this.#abort.signal }, () => this.#hold()).catch(() => {});
  }

  /** Hold the lock until `leave`. */
  #hold() {
    return new Promise((release) => {
      this.#release = release;
      this.isLeader = true;
      this.#on.lead();
    });
  }

  leave() {
    this.#abort?.abort();
    this.#release?.();
    this.#channel?.close();
    this.isLeader = false;
    this.#channel = this.#release = this.#abort = null;
  }

  send(message) {
    this.#channel?.postMessage(message);
  }
}

export class LumenNotify extends EventTarget {
  state = "closed";
  reason = "stopped";
  nextAttemptAt = null;
  unreadCount = null;
  unread = null;
  user = null;
  features = new Set();

  #options;
  #base;
  #stream;
  #tabs = null;
  #token = null;
  #asking = null; // the call of getToken under way
  #cursor = null;
  #countedAt = -1; // the position that `unreadCount` is at
  #typing = new Map(); // room id -> when `is_typing: true` was sent
  #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #first = null; // the tab that shows toasts
  #isStarted = false;
  #turn = 0;

  constructor(options) {
    super();
    this.#options = options;
    const url = new URL(options.url ?? import.meta.url.replace(/client\/([0-9a-f]+\/)?[^/]*$/, ""), document.baseURI);
    url.search = url.hash = "";
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    this.#base = url;
    this.#stream = new Stream({
      url: () => this.#streamUrl(),
      frame: (kind, body, id, isReplayed) => this.#publish(kind, body, id, isReplayed),
      state: (...state) => this.#leadState(...state),
    });
  }

  get isLeader() {
    return this.#tabs?.isLeader ?? false;
  }

  // ---- Start and stop

  async start() {
    if (this.#isStarted) return this.#settled();
    this.#isStarted = true;
    for (const name of ACTIVITY) addEventListener(name, this.#onActivity, { passive: true });
    document.addEventListener("visibilitychange", this.#onActivity);
    addEventListener("pagehide", this.#onHide);
    addEventListener("pageshow", this.#onShow);
    addEventListener("popstate", this.#onNavigation);
    window.navigation?.addEventListener("currententrychange", this.#onNavigation);
    this.#begin();
    return this.#settled();
  }

  stop() {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    for (const name of ACTIVITY) removeEventListener(name, this.#onActivity);
    document.removeEventListener("visibilitychange", this.#onActivity);
    removeEventListener("pagehide", this.#onHide);
    removeEventListener("pageshow", this.#onShow);
    removeEventListener("popstate", this.#onNavigation);
    window.navigation?.removeEventListener("currententrychange", this.#onNavigation);
    this.#leave();
    this.#token = null;
    this.#enter("closed", "stopped", null);
  }

  reconnect() {
    if (!this.#isStarted) this.start();
    else if (this.#tabs === null) this.#begin();
    else if (this.isLeader) this.#stream.open();
    else this.#tabs.send({ type: "reconnect" });
  }

  async signOut() {
    try {
      await this.request("DELETE", "notifications/stream", undefined, { credentials: "include" });
    } catch {
      // A script cannot remove the cookie; without the server it expires within a day.
    }
    this.#store(null);
    this.stop();
  }

  async #begin() {
    const turn = (this.#turn += 1);
    this.features = featuresOf(this.#options.pages, location.pathname);
    if (![...this.features].some((feature) => CONTENT.has(feature))) return this.#enter("closed", "inactive", null);
    this.#enter("connecting", null, null);
    let token = null;
    try {
      token = await this.#fresh();
    } catch {
      if (turn === this.#turn) this.#enter("closed", "unreachable", null); // tried again on activity
      return undefined;
    }
    if (turn !== this.#turn) return undefined;
    if (token === null) return this.#enter("closed", "signed_out", null);
    this.#cursor = this.#stored();
    this.#tabs = new Tabs(this.#name, { lead: () => this.#lead(), receive: (message) => this.#receive(message) });
    this.#tabs.join(this.#options.share ?? true);
    if (document.visibilityState === "visible") this.#claim();
    return undefined;
  }

  #leave() {
    this.#turn += 1;
    this.#tabs?.send({ type: "bye", tab: this.#id });
    if (this.isLeader) this.#stream.close();
    this.#tabs?.leave();
    this.#tabs = null;
  }

  #settled() {
    return new Promise((resolve) => {
      const check = () => {
        if (this.state === "connecting" || this.state === "waiting") return;
        this.removeEventListener("state", check);
        resolve();
      };
      this.addEventListener("state", check);
      check();
    });
  }

  #onActivity = () => {
    if (document.visibilityState === "visible") this.#claim();
    if (this.state === "closed" && (this.reason === "unreachable" || this.#tabs === null)) {
      if (this.reason === "unreachable" && this.#tabs === null) this.#begin();
      else if (this.reason === "unreachable") this.#nudge();
    } else if (this.state !== "closed") {
      this.#nudge();
    }
  };

  #nudge() {
    if (this.isLeader) this.#stream.nudge();
    else if (this.state !== "open") this.#tabs?.send({ type: "nudge" });
  }

  /** The page may be frozen, or gone: another tab shall lead. */
  #onHide = () => this.#leave();

  #onShow = ({ persisted }) => persisted && this.#begin();

  #onNavigation = () => {
    const features = featuresOf(this.#options.pages, location.pathname);
    if ([...features].join() === [...this.features].join()) return;
    this.#leave();
    this.#begin();
  };

  // ---- Leading and following

  #lead() {
    this.#stream.open();
  }

  #leadState(state, reason, nextAttemptAt) {
    if (state === "closed" && reason === "signed_out") {
      // Another tab may have a token that is valid.
      this.#tabs?.leave();
      this.#tabs = null;
    } else if (state !== "closed" || reason !== "stopped") {
      this.#tabs?.send({ type: "state", state, reason, nextAttemptAt });
    }
    this.#enter(state, reason, nextAttemptAt);
  }

  #publish(kind, body, id, isReplayed) {
    if (kind === "expiring") this.#renew();
    if (kind === "ping" || kind === "expiring" || kind === "closing") {
      if (id !== "") this.#keep(id);
    } else {
      const first = this.#first ?? this.#id;
      this.#tabs?.send({ type: "frame", kind, body, id, isReplayed, first });
      this.#take(kind, body, id, isReplayed, first === this.#id);
      return;
    }
    this.#dispatch(kind, { ...body, frame: kind, position: null, is_replayed: false, is_first: true });
  }

  #receive(message) {
    const handle = {
      frame: ({ kind, body, id, isReplayed, first }) => this.#take(kind, body, id, isReplayed, first === this.#id),
      state: ({ state, reason, nextAttemptAt }) => this.#enter(state, reason, nextAttemptAt),
      hello: () => this.isLeader && this.#tabs.send(this.#snapshot()),
      snapshot: (snapshot) => this.#adopt(snapshot),
      focus: ({ tab }) => (this.#first = tab),
      bye: ({ tab }) => this.#first === tab && (this.#first = null),
      nudge: () => this.isLeader && this.#stream.nudge(),
      reconnect: () => this.isLeader && this.#stream.open(),
    }[message.type];
    handle?.(message);
  }

  #snapshot() {
    const { state, reason, nextAttemptAt, unreadCount, unread } = this;
    return { type: "snapshot", state, reason, nextAttemptAt, unreadCount, unread, cursor: this.#cursor, first: this.#first };
  }

  #adopt({ state, reason, nextAttemptAt, unreadCount, unread, cursor, first }) {
    if (this.isLeader || this.state === "open") return; // another tab asked
    this.#first ??= first;
    if (cursor !== null) this.#keep(cursor);
    this.#enter(state, reason, nextAttemptAt);
    if (unreadCount !== null) this.#count(unreadCount, unread, null);
  }

  #claim() {
    this.#first = this.#id;
    this.#tabs?.send({ type: "focus", tab: this.#id });
  }

  // ---- Frames

  #take(kind, body, id, isReplayed, isFirst) {
    const isDurable = DURABLE.has(kind);
    const before = this.#cursor;
    let position = null;
    if (isDurable || kind === "reset" || kind === "caught_up" || kind === "ready") {
      if (id !== "") position = positionOf(id);
      const isRepeat = isDurable && before !== null && sameEpoch(before, id) && position <= positionOf(before);
      if (isRepeat) return;
      if (id !== "" && (kind !== "ready" || body.replayed === 0)) this.#keep(id);
    }
    if (kind === "ready" || kind === "reset") this.#countedAt = -1; // the log may be a new one
    const detail = { ...body, frame: kind, position, is_replayed: isReplayed, is_first: isFirst && !isReplayed };
    this.#dispatch("frame", detail);
    if (kind === "message") this.#content(detail);
    else if (kind !== "unread") this.#dispatch(kind, detail);
    if (body.unread_count !== undefined) this.#count(body.unread_count, this.#unreadAfter(body), position, detail);
  }

  #content(detail) {
    if (detail.room !== undefined) this.#dispatch("message", detail);
    else if (detail.type === "bundle" && Array.isArray(detail.data.items)) {
      for (const data of detail.data.items) this.#dispatch("notification", { ...detail, type: data.category, data });
    } else this.#dispatch("notification", detail);
  }

  #unreadAfter({ unread, unread_count: count, room, data }) {
    if (unread !== undefined || this.unread === null) return unread ?? null;
    const { categories, rooms } = this.unread;
    if (room !== undefined) return { categories, rooms: withNumber(rooms, room.id, room.unread) };
    const category = data?.category;
    if (category === undefined) return this.unread;
    const number = (categories[category] ?? 0) + count - this.unreadCount;
    return { categories: withNumber(categories, category, number), rooms };
  }

  /** position: null if it is not known; later frames are newer in any case. */
  #count(unreadCount, unread, position, detail = null) {
    // The response to a mark may arrive before frames that are older than it.
    if (position !== null && position < this.#countedAt) return;
    this.#countedAt = position ?? -1;
    this.unreadCount = unreadCount;
    this.unread = unread ?? this.unread;
    this.#dispatch("unread", { ...detail, unread_count: unreadCount, unread: this.unread });
  }

  #enter(state, reason, nextAttemptAt) {
    if (state === this.state && reason === this.reason && nextAttemptAt === this.nextAttemptAt) return;
    Object.assign(this, { state, reason, nextAttemptAt });
    this.#dispatch("state", { state, reason, next_attempt_at: nextAttemptAt });
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // ---- Cursor: kept by the tab, so that a reload resumes

  get #name() {
    return `lumen-notify ${this.#base.href} ${this.user.id}`;
  }

  #keep(cursor) {
    this.#cursor = cursor;
    this.#store(cursor);
  }

  #store(cursor) {
    try {
      if (cursor === null) sessionStorage.removeItem(this.#name);
      else sessionStorage.setItem(this.#name, cursor);
    } catch {
      // Storage is disabled, or nobody was signed in: a reload begins with the newest event.
    }
  }

  #stored() {
    try {
      return this.#cursor ?? sessionStorage.getItem(this.#name);
    } catch {
      return this.#cursor;
    }
  }

  // ---- Token

  /** Return a token that is valid for a while, or null. isNew: not the one that is known. */
  async #fresh(isNew = false) {
    const isFresh = this.#token !== null && userOf(this.#token)?.expiresAt * 1000 > Date.now() + FRESH_SECONDS * 1000;
    if (isFresh && !isNew) return this.#token;
    this.#asking ??= Promise.resolve(this.#options.getToken()).finally(() => (this.#asking = null));
    const token = (await this.#asking) ?? null;
    const user = token === null ? null : userOf(token);
    if (token !== null && user === null) throw new Problem(0, "getToken returned no JSON Web Token.");
    const isOther = this.user !== null && user?.id !== this.user.id;
    this.#token = token;
    this.user = user;
    if (isOther) this.#cursor = null;
    if (isOther && this.#tabs !== null) {
      this.#leave(); // somebody else has signed in
      this.#begin();
    }
    return token;
  }

  async #renew() {
    try {
      if ((await this.#fresh(true)) === null) return;
      await this.request("POST", "notifications/stream/renew", undefined, { credentials: "include" });
    } catch {
      // The server asks again, and at last closes the stream as expired.
    }
  }

  async #streamUrl() {
    const url = new URL("api/v1/notifications/stream", this.#base);
    if (this.#options.tokenInUrl) {
      const token = await this.#fresh();
      if (token === null) throw new Problem(401, "Nobody is signed in.");
      url.searchParams.set("token", token);
    } else {
      const { ticket } = await this.request("POST", "notifications/stream/tickets");
      url.searchParams.set("ticket", ticket);
    }
    url.searchParams.set("device", this.#options.device ?? deviceOf());
    if (this.#cursor !== null) url.searchParams.set("last_event_id", this.#cursor);
    return url;
  }

  // ---- Requests

  async request(method, path, body, { headers = {}, credentials = "omit" } = {}) {
    const token = await this.#fresh();
    try {
      return await this.#ask(token, method, path, body, headers, credentials);
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      const other = await this.#fresh(true);
      if (other === null || other === token) throw problem;
      return this.#ask(other, method, path, body, headers, credentials);
    }
  }

  async #ask(token, method, path, body, headers, credentials) {
    if (token === null) throw new Problem(401, "Nobody is signed in.");
    const sent = { authorization: `Bearer ${token}`, ...headers };
    if (body !== undefined) sent["content-type"] = "application/json";
    let response;
    let answer;
    try {
      response = await fetch(new URL(`api/v1/${path}`, this.#base), {
        method,
        headers: sent,
        body: JSON.stringify(body),
        credentials,
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.json().catch(() => null);
    } catch {
      throw new Problem(0, "The server does not answer.");
    }
    if (response.ok) return answer;
    const after = Number(response.headers.get("retry-after"));
    throw new Problem(response.status, answer?.detail ?? `The server answered ${response.status}.`, {
      code: answer?.code ?? null,
      retryAfter: after > 0 ? after : null,
    });
  }

  #get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given).toString();
    return this.request("GET", search === "" ? path : `${path}?${search}`);
  }

  async #marked(answer) {
    const { unread_count: count, unread, position } = await answer;
    if (count !== undefined) this.#count(count, unread, position ?? null);
    return answer;
  }

  list = (options) => this.#get("notifications", options);
  counts = () => this.#marked(this.#get("notifications/counts"));
  mark = (action, selection) => this.#marked(this.request("POST", `notifications/${action}`, selection));
  publish = (notification) => this.request("POST", "notifications", notification);
  preferences = () => this.#get("preferences");
  updatePreferences = (changes) => this.request("PATCH", "preferences", changes);
  categories = (options) => this.#get("categories", options);
  connections = (options) => this.#get("connections", options);

  rooms = (options) => this.#get("rooms", options);
  room = (id) => this.#get(at`rooms/${id}`);
  createRoom = (room) => this.request("POST", "rooms", room);
  join = (id) => this.request("PUT", at`rooms/${id}/members/${this.user.id}`, {});
  leave = (id) => this.request("DELETE", at`rooms/${id}/members/${this.user.id}`);
  members = (id, options) => this.#get(at`rooms/${id}/members`, options);
  presence = (id, options) => this.#get(at`rooms/${id}/presence`, options);
  messages = (id, options) => this.#get(at`rooms/${id}/messages`, options);
  readMarks = (id, options) => this.#get(at`rooms/${id}/reads`, options);
  send = (id, message) => this.request("POST", at`rooms/${id}/messages`, withClientId(message));
  sendDirect = (user, message) => this.request("POST", "messages", { ...withClientId(message), to: user });
  edit = (id, messageId, content) => this.request("PATCH", at`rooms/${id}/messages/${messageId}`, { content });
  remove = (id, messageId) => this.request("DELETE", at`rooms/${id}/messages/${messageId}`);
  markRoomRead = (id, upTo) => this.#marked(this.request("POST", at`rooms/${id}/read`, { up_to: upTo }));
  markRoomsRead = () => this.#marked(this.request("POST", "rooms/read", { all: true }));

  async typing(id, isTyping) {
    const sentAt = this.#typing.get(id) ?? -Infinity;
    if (isTyping ? Date.now() - sentAt < TYPING_MS : sentAt === -Infinity) return;
    if (isTyping) this.#typing.set(id, Date.now());
    else this.#typing.delete(id);
    await this.request("POST", at`rooms/${id}/typing`, { is_typing: isTyping });
  }
}

function sameEpoch(one, other) {
  return one.split("-")[0] === other.split("-")[0];
}

function withNumber(numbers, name, number) {
  const { [name]: _, ...others } = numbers;
  return number > 0 ? { ...others, [name]: number } : others;
}

function withClientId(message) {
  return { client_id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), ...message };
}

/** A path whose values are encoded. */
function at(parts, ...values) {
  return parts.reduce((path, part, index) => path + encodeURIComponent(values[index - 1]) + part);
}
