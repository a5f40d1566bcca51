// LumenNotify: one event stream for all tabs of a user, its frames as events, and the calls of the API.

/** Frames of events in the log: their id is a position. `message` has no event name on the wire. */
const DURABLE = new Set([
  "message", "read", "seen", "unread", "archive", "unarchive", "delete", "expire", "preferences",
  "joined", "left", "member", "room", "message_edited", "message_deleted", "notification_edited",
]);
/** Other frames with the id of the newest event. */
const PLACED = new Set(["ready", "caught_up", "reset", "ping"]);
export const FRAMES = [...DURABLE, ...PLACED, "expiring", "closing", "typing", "presence"];

const SHORTEST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
const MAX_TRIES = 15;
const PING_SECONDS = 30;
const SILENT_PINGS = 2.5;
const TIMEOUT_MS = 20_000;
const TYPING_MS = 3_000;
const FRESH_MS = 30_000; // a token that ends sooner is replaced before it is used
const CHECK_MS = 1_000;
const ANSWER_MS = 3_000; // a leader that does not answer within it has its place taken
const TABS_VERSION = 1; // of what tabs send to each other: those of another version share nothing with this one
const SIGNED_OUT = "signed_out";
const FEATURES = ["messaging", "typing", "presence", "notifications", "admin", "files", "voice"];
const FEATURE_OF = { notification: "notifications", message: "messaging", typing: "typing", presence: "presence" };

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
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const { sub, name, preferred_username, avatar, scope, exp } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof sub !== "string" || sub === "") return null;
    const scopes = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
    const shown = String(name || preferred_username || sub);
    return { id: sub, name: shown, avatar: avatar ?? null, scopes, expiresAt: exp ?? Infinity };
  } catch {
    return null;
  }
}

/** Return the features of the first rule that matches the path; all without rules, none if no rule matches. */
export function featuresOf(rules, path) {
  if (!rules) return new Set(FEATURES);
  return new Set(rules.find((rule) => expressionOf(rule.path).test(path))?.features);
}

/** `*` stands for a segment, `**` for any number; a slash at the end makes no difference. */
function expressionOf(path) {
  const parts = path.replace(/(.)\/$/, "$1").split(/(\/?\*\*|\*)/).map((part) => {
    if (part.endsWith("**")) return part === "**" ? ".*" : "(?:/.*)?";
    return part === "*" ? "[^/]+" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}/?$`);
}

function deviceOf() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
}

/**
 * Keeps one EventSource open. Every attempt has a URL of its own, with a new ticket: so a refusal has a status, which
 * EventSource hides, and no cookie decides whose stream it is. The browser's own reconnects are not used.
 */
class Stream {
  isWaiting = false; // for the next attempt, or for something that makes one worthwhile
  #source = null;
  #turn = 0; // connecting or closing invalidates earlier attempts
  #tries = 0;
  #timer = null;
  #isReady = false;
  #heardAt = 0;
  #pingSeconds = PING_SECONDS;
  #replaysLeft = 0;
  #on;

  /** on: `{url() -> Promise<URL>, frame({kind, body, id, isReplayed}), state(state, reason, nextAttemptAt)}`. */
  constructor(on) {
    this.#on = on;
  }

  open() {
    this.#tries = 0;
    this.#connect();
  }

  /** Connect now if that is being waited for, or if the connection is half open. */
  nudge() {
    if (this.isWaiting) this.open();
    else if (this.#source !== null) this.#watch();
  }

  close(reason) {
    this.#drop();
    this.isWaiting = reason === "unreachable";
    this.#on.state("closed", reason, null);
  }

  async #connect() {
    this.#drop();
    const turn = this.#turn;
    this.#on.state("connecting", null, null);
    let url;
    try {
      url = await this.#on.url();
    } catch (problem) {
      if (turn === this.#turn) this.#refused(problem);
      return;
    }
    if (turn !== this.#turn) return;
    const source = (this.#source = new EventSource(url, { withCredentials: this.#on.hasCredentials }));
    for (const kind of FRAMES) {
      source.addEventListener(kind, (event) => source === this.#source && this.#take(kind, event));
    }
    source.addEventListener("error", () => source === this.#source && this.#wait());
    this.#heardAt = Date.now();
    this.#watch();
  }

  #drop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.isWaiting = this.#isReady = false;
  }

  #refused({ status, code, retryAfter }) {
    if (status === 401) this.close(code === SIGNED_OUT ? SIGNED_OUT : "expired");
    else if (status === 403) this.close("forbidden");
    else this.#wait(retryAfter);
  }

  #wait(leastSeconds = 0) {
    this.#drop();
    this.#tries += 1;
    if (this.#tries > MAX_TRIES) {
      this.close("unreachable");
      return;
    }
    const delay = Math.max(backoff(this.#tries), (leastSeconds ?? 0) * 1000);
    this.isWaiting = true;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#on.state("waiting", null, Date.now() + delay);
  }

  /** Reconnect once the server has been silent for too long: the connection is half open. */
  #watch() {
    clearTimeout(this.#timer);
    const patience = this.#isReady ? SILENT_PINGS * this.#pingSeconds * 1000 : TIMEOUT_MS;
    const left = this.#heardAt + patience - Date.now();
    if (left > 0) this.#timer = setTimeout(() => this.#watch(), Math.min(left, patience));
    else if (this.#isReady) this.#connect();
    else this.#wait();
  }

  #take(kind, event) {
    this.#heardAt = Date.now();
    const body = JSON.parse(event.data);
    if (kind === "ready") {
      this.#tries = 0;
      this.#isReady = true;
      this.#pingSeconds = body.ping_seconds ?? PING_SECONDS;
      this.#replaysLeft = body.replayed ?? Infinity;
      this.#watch();
      this.#on.state("open", null, null);
    } else if (kind === "caught_up") {
      this.#replaysLeft = 0;
    }
    const isReplayed = DURABLE.has(kind) && this.#replaysLeft > 0;
    if (isReplayed) this.#replaysLeft -= 1;
    this.#on.frame({ kind, body, id: event.lastEventId, isReplayed });
    if (kind === "closing") this.#end(body);
  }

  #end({ reason, reconnect }) {
    if (reconnect) this.#wait();
    else if (reason === "expired") this.#connect(); // with a fresh token
    else this.close(reason);
  }
}

/** A Web Lock, which one tab holds at a time; the browser gives it to the next one when that tab closes or crashes. */
class Turn {
  isHeld = false;
  #name;
  #changed;
  #abort = null;
  #release = null;

  /** changed: called when it is got, and when another tab has taken it away. */
  constructor(name, changed = () => {}) {
    this.#name = name;
    this.#changed = changed;
  }

  /** Wait for it. steal: take it away from the tab that holds it. */
  request(steal = false) {
    this.leave();
    const abort = (this.#abort = new AbortController());
    const hold = () => abort.signal.aborted || new Promise((release) => this.#get(release));
    navigator.locks.request(this.#name, steal ? { steal } : { signal: abort.signal }, hold).catch(() => {
      if (abort.signal.aborted) return;
      if (!this.isHeld) return this.#get(null); // locks are not allowed here
      this.isHeld = false;
      this.#changed();
      this.request();
    });
  }

  #get(release) {
    this.#release = release;
    this.isHeld = true;
    this.#changed();
  }

  leave() {
    this.#abort?.abort();
    this.#release?.();
    this.#release = null;
    this.isHeld = false;
  }
}

/**
 * The tabs of a user. One leads: it has the stream, and the others get what it sends. One, the tab that was used last,
 * is first: it shows toasts. Without Web Locks or BroadcastChannel each tab is alone, and both.
 */
class Tabs {
  #leader = null;
  #first = null;
  #channel = null;
  #timer = null;
  #checkedAt = 0;
  #askedAt = 0;
  #heardAt = 0;
  #on;

  /** on: `{changed(), receive(message)}`: `changed` when this tab becomes the leader or ends to be it. */
  constructor(on) {
    this.#on = on;
  }

  get isLeader() {
    return this.#leader?.isHeld ?? true;
  }

  get isFirst() {
    return this.#first?.isHeld ?? true;
  }

  join(name, isShared) {
    if (!isShared || !navigator.locks || !globalThis.BroadcastChannel) {
      this.#on.changed();
      return;
    }
    name = `${name} ${TABS_VERSION}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#leader = new Turn(name, this.#on.changed);
    this.#first = new Turn(`${name} first`, () => this.#offer());
    this.#leader.request();
    this.#first.request(isVisible());
    this.#ask();
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  leave() {
    clearInterval(this.#timer);
    this.#leader?.leave();
    this.#first?.leave();
    this.#channel?.close();
    this.#channel = null;
  }

  send(message) {
    this.#channel?.postMessage(message);
  }

  /** The user looks at this tab, or at it no more. */
  show() {
    if (this.#channel === null) return;
    if (!isVisible()) this.#offer();
    else if (!this.#first.isHeld) this.#first.request(true);
    this.#check();
  }

  /** A hidden tab is first only if no other is visible. */
  #offer() {
    if (this.isFirst && !isVisible()) this.send({ type: "offer" });
  }

  #receive(message) {
    if (message.type === "offer") {
      if (isVisible()) this.#first.request(true);
      return;
    }
    if (message.type === "frame" || message.type === "snapshot") this.#heardAt = Date.now();
    this.#on.receive(message);
  }

  #ask() {
    this.#askedAt = Date.now();
    this.send({ type: "hello" });
  }

  /** Take the place of a leader that does not answer: the browser has frozen it, or it hangs. */
  #check() {
    const now = Date.now();
    const isLate = now - this.#checkedAt > ANSWER_MS; // this tab was frozen itself
    this.#checkedAt = now;
    if (this.isLeader) return;
    const isAsking = this.#askedAt > this.#heardAt && !isLate;
    if (isAsking && now - this.#askedAt >= ANSWER_MS) {
      this.#askedAt = now;
      this.#leader.request(true);
    } else if (!isAsking && now - this.#heardAt >= ANSWER_MS) {
      this.#ask();
    }
  }
}

function isVisible() {
  return document.visibilityState === "visible";
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
  #freshUntil = 0;
  #asking = null; // the call of getToken under way
  #stops = 0; // a token that was asked for before the last one is not kept
  #cursor = null;
  #isCurrent = false; // whether the page has seen everything up to the cursor
  #countedAt = -1; // the position that `unreadCount` is at
  #typing = new Map(); // room id -> when `is_typing: true` was sent
  #isStarted = false;
  #isLeading = false;
  #turn = 0;
  #tries = 0;
  #timer = null;
  #listening = null; // aborted by stop()
  #owner = null; // the id of the user whose counts and cursor these are

  constructor(options) {
    super();
    this.#options = options;
    const url = new URL(options.url ?? import.meta.url.replace(/client\/([0-9a-f]+\/)?[^/]*$/, ""), document.baseURI);
    url.search = url.hash = "";
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    this.#base = url;
    this.#stream = new Stream({
      url: () => this.#streamUrl(),
      hasCredentials: this.#credentials === "include",
      frame: (frame) => this.#lead(frame),
      state: (...state) => this.#leadState(...state),
    });
  }

  get isLeader() {
    return this.#isLeading;
  }

  get url() {
    return this.#base.href;
  }

  get device() {
    return this.#options.device ?? deviceOf();
  }

  get #credentials() {
    return (this.#options.credentials ?? true) ? "include" : "same-origin";
  }

  // ---- Start and stop

  start() {
    if (this.#isStarted) {
      if (this.#tabs === null && this.#timer === null && this.reason !== "inactive") this.#begin();
      return this.#settled();
    }
    this.#isStarted = true;
    this.#listen();
    this.#begin();
    return this.#settled();
  }

  stop() {
    this.#isStarted = false;
    this.#listening?.abort();
    this.#leave();
    this.#token = this.#asking = null;
    this.#stops += 1;
    this.#enter("closed", "stopped", null);
  }

  reconnect() {
    this.#tries = 0;
    if (!this.#isStarted) this.start();
    else if (this.#tabs === null) this.#begin();
    else if (this.#isLeading) this.#stream.open();
    else this.#tabs.send({ type: "reconnect" });
  }

  async signOut() {
    const leaving = this.#leavePush(this.#token);
    this.stop();
    if (this.#owner !== null) this.#store(null);
    this.user = null;
    this.#forget(null);
    const url = new URL("api/v1/notifications/stream", this.#base);
    // A script cannot remove the cookie. If the server cannot be reached, it expires within a day.
    await fetch(url, { method: "DELETE", credentials: this.#credentials }).catch(() => {});
    await leaving;
  }

  #listen() {
    const { signal } = (this.#listening = new AbortController());
    const on = (target, names, listener) => {
      for (const name of names.split(" ")) target.addEventListener(name, listener, { signal, passive: true });
    };
    on(globalThis, "online focus", () => this.#wake());
    on(globalThis, "pointerdown keydown", () => this.reason === "unreachable" && this.#wake());
    on(document, "visibilitychange", () => this.#wake());
    // The browser may freeze the page now, or it is gone: another tab shall lead.
    on(globalThis, "pagehide", () => this.#leave());
    on(document, "freeze", () => this.#leave());
    on(globalThis, "pageshow", ({ persisted }) => persisted && this.#resume());
    on(document, "resume", () => this.#resume());
    if (!this.#options.pages) return;
    on(globalThis, "popstate hashchange", () => this.#navigate());
    if (globalThis.navigation) on(navigation, "currententrychange", () => this.#navigate());
    else {
      const timer = setInterval(() => this.#navigate(), CHECK_MS); // nothing reports pushState
      signal.addEventListener("abort", () => clearInterval(timer));
    }
  }

  async #begin() {
    const turn = (this.#turn += 1);
    clearTimeout(this.#timer);
    this.#timer = null;
    this.features = featuresOf(this.#options.pages, location.pathname);
    if (this.features.size === 0) return this.#enter("closed", "inactive", null);
    this.#enter("connecting", null, null);
    let token = null;
    try {
      token = await this.#fresh();
    } catch {
      if (turn === this.#turn) this.#wait();
      return undefined;
    }
    if (turn !== this.#turn) return undefined;
    this.#tries = 0;
    if (token === null) return this.#enter("closed", SIGNED_OUT, null);
    this.#cursor ??= this.#stored();
    this.#tabs = new Tabs({ changed: () => this.#turnOver(), receive: (message) => this.#receive(message) });
    this.#tabs.join(this.#name, this.#options.share ?? true);
    if (this.#hasPush) this.#push((push) => push.keepPush(this)).catch(() => {});
    return undefined;
  }

  /** getToken has failed. */
  #wait() {
    this.#tries += 1;
    if (this.#tries > MAX_TRIES) return this.#enter("closed", "unreachable", null);
    const delay = backoff(this.#tries);
    this.#timer = setTimeout(() => this.#begin(), delay);
    return this.#enter("waiting", null, Date.now() + delay);
  }

  #leave() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#timer = null;
    const tabs = this.#tabs;
    this.#tabs = null;
    if (this.#isLeading) this.#stream.close("stopped");
    this.#isLeading = false;
    tabs?.leave();
  }

  #resume() {
    if (this.#tabs === null && this.reason === null) this.#begin();
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

  /** The network is back, or the user is. */
  #wake() {
    this.#tabs?.show();
    if (this.#tabs !== null) {
      if (this.#isLeading) this.#stream.nudge();
      else if (this.state !== "open") this.#tabs.send({ type: "nudge" });
    } else if (this.state === "waiting" || this.reason === "unreachable") {
      this.reconnect();
    }
  }

  #navigate() {
    const before = this.features;
    this.features = featuresOf(this.#options.pages, location.pathname);
    if (this.features.size > 0 && before.size === 0) {
      this.#begin();
    } else if (this.features.size === 0 && before.size > 0) {
      this.#leave();
      this.#enter("closed", "inactive", null);
    }
  }

  // ---- Leading and following

  #turnOver() {
    const isLeading = this.#tabs?.isLeader ?? true;
    if (isLeading === this.#isLeading) return;
    this.#isLeading = isLeading;
    if (isLeading) this.#stream.open();
    else this.#stream.close("stopped"); // another tab has taken over
  }

  #leadState(state, reason, nextAttemptAt) {
    if (!this.#isLeading || this.#tabs === null || reason === "stopped") return;
    // Another tab may have a token that is valid.
    if (state === "closed" && reason !== "unreachable" && reason !== "replaced") this.#leave();
    this.#enter(state, reason, nextAttemptAt);
    this.#tabs?.send(this.#snapshot());
  }

  #lead(frame) {
    if (frame.kind === "expiring") this.#renew();
    if (this.#take(frame)) this.#tabs?.send({ type: "frame", frame });
  }

  #receive({ type, frame, snapshot }) {
    if (type === "frame" && !this.#isLeading) this.#take(frame);
    if (type === "snapshot" && !this.#isLeading) this.#adopt(snapshot);
    if (!this.#isLeading) return;
    if (type === "hello") this.#tabs.send(this.#snapshot());
    if (type === "nudge") this.#stream.nudge();
    if (type === "reconnect") this.#stream.open();
  }

  #snapshot() {
    const { state, reason, nextAttemptAt, unreadCount, unread } = this;
    const cursor = this.#isCurrent ? this.#cursor : null;
    return { type: "snapshot", snapshot: { state, reason, nextAttemptAt, unreadCount, unread, cursor } };
  }

  #adopt({ state, reason, nextAttemptAt, unreadCount, unread, cursor }) {
    this.#enter(state, reason, nextAttemptAt);
    if (cursor === null) return;
    const isMissing = this.#isCurrent && this.#isAhead(cursor);
    if (!this.#isCurrent || isMissing) {
      this.#isCurrent = true;
      this.#countedAt = -1;
      this.#keep(cursor);
    } else if (JSON.stringify([unreadCount, unread]) === JSON.stringify([this.unreadCount, this.unread])) {
      return;
    }
    if (isMissing) {
      // This tab was frozen, or has been away.
      const detail = { frame: "reset", position: positionOf(cursor), is_replayed: false, is_first: false };
      this.#tell("reset", { ...detail, reason: "missed", unread_count: unreadCount, unread });
    }
    if (unreadCount !== null) this.#count(unreadCount, unread, positionOf(cursor));
  }

  // ---- Frames

  /** Return False if the frame repeats one that was taken before. */
  #take({ kind, body, id, isReplayed }) {
    const isPlaced = id !== "" && (DURABLE.has(kind) || PLACED.has(kind));
    if (isPlaced) {
      const isAhead = this.#isAhead(id);
      if (DURABLE.has(kind) && !isAhead) return false;
      if (isAhead || kind === "reset") this.#keep(id);
    }
    if (kind === "ready") this.#isCurrent = true;
    if (kind === "reset") this.#countedAt = -1; // the log may be another one
    const position = isPlaced ? positionOf(id) : null;
    const isFirst = !isReplayed && (this.#tabs?.isFirst ?? true);
    const detail = { ...body, frame: kind, position, is_replayed: isReplayed, is_first: isFirst };
    if (body.unread_count !== undefined) this.#count(body.unread_count, this.#unreadAfter(body), position, detail);
    if (kind === "message") this.#tellContent(detail);
    else if (kind === "ping") this.#dispatch(kind, detail);
    else this.#tell(kind, detail);
    return true;
  }

  /** Whether a cursor is beyond what was taken, or of another log. */
  #isAhead(cursor) {
    const ours = this.#cursor?.split("-");
    return ours === undefined || ours[0] !== cursor.split("-")[0] || !(positionOf(cursor) <= Number(ours[1]));
  }

  #tell(name, detail) {
    this.#dispatch("frame", detail);
    if (name !== "unread" && this.features.has(FEATURE_OF[name] ?? [...this.features][0])) this.#dispatch(name, detail);
  }

  #tellContent(detail) {
    this.#dispatch("frame", detail);
    const name = detail.room === undefined ? "notification" : "message";
    if (!this.features.has(FEATURE_OF[name])) return;
    const items = detail.type === "bundle" ? detail.data.items.toReversed() : [detail.data]; // the oldest first
    for (const data of items) this.#dispatch(name, { ...detail, data });
  }

  /** Return what is unread by category and room after a frame, which may carry the sum alone. */
  #unreadAfter({ unread, unread_count: count, room, type, data }) {
    if (unread !== undefined || this.unread === null) return unread ?? null;
    const { categories, rooms } = this.unread;
    if (room !== undefined) return { categories, rooms: withNumber(rooms, room.id, room.unread) };
    const known = new Map(Object.entries(categories)).get(data.category) ?? 0; // not what every object has
    const number = known + count - this.unreadCount;
    if (type !== "bundle" && number >= 0) return { categories: withNumber(categories, data.category, number), rooms };
    if (this.#isLeading) this.counts().then(() => this.#tabs?.send(this.#snapshot()), () => {});
    return this.unread;
  }

  /** position: that of the counts; null if it is not known. frame: the detail of a frame `unread`. */
  #count(unreadCount, unread, position, frame = null) {
    // The response to a mark arrives before frames that are older than it.
    const isOld = position !== null && position < this.#countedAt;
    if (!isOld) {
      this.#countedAt = position ?? this.#countedAt;
      this.unreadCount = unreadCount;
      this.unread = unread ?? this.unread;
    }
    if (isOld && frame?.frame !== "unread") return;
    const fields = { unread_count: this.unreadCount, unread: this.unread };
    if (frame?.frame !== "unread") return this.#dispatch("unread", fields);
    this.#dispatch("unread", { ...frame, ...fields });
  }

  #enter(state, reason, nextAttemptAt) {
    if (state === this.state && reason === this.reason && nextAttemptAt === this.nextAttemptAt) return;
    Object.assign(this, { state, reason, nextAttemptAt });
    if (reason === "revoked") this.#leavePush(null);
    this.#dispatch("state", { state, reason, next_attempt_at: nextAttemptAt });
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // ---- Cursor: kept by the tab, so that a reload resumes

  get #name() {
    return `lumen-notify ${this.#base.href} ${this.#owner}`;
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
      return sessionStorage.getItem(this.#name);
    } catch {
      return null;
    }
  }

  /** Begin as a user with nothing of the one before. */
  #forget(owner) {
    const before = this.#owner;
    this.#owner = owner;
    this.#typing.clear();
    this.#cursor = this.unreadCount = this.unread = null;
    this.#isCurrent = false;
    this.#countedAt = -1;
    if (before !== null) this.#dispatch("user", { user: this.user });
  }

  // ---- Token

  /** Return a token that is valid for a while, or null. isNew: not the one that is known. */
  #fresh(isNew = false) {
    if (this.#token !== null && !isNew && Date.now() < this.#freshUntil) return this.#token;
    if (this.#asking !== null) return this.#asking;
    const asking = this.#askForToken().finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    return (this.#asking = asking);
  }

  async #askForToken() {
    const stops = this.#stops;
    let token;
    try {
      token = (await inTime(this.#options.getToken())) || null;
    } catch (error) {
      throw new Problem(0, `There is no token: ${error.message}`);
    }
    const user = token === null ? null : userOf(token);
    if (token !== null && user === null) throw new Problem(0, "getToken returned no JSON Web Token.");
    if (stops !== this.#stops) return token; // of a request that was made before
    const until = (user?.expiresAt ?? 0) * 1000 - FRESH_MS;
    this.#freshUntil = until > Date.now() ? until : Infinity; // the clock may be wrong: a 401 tells
    this.#token = token;
    this.user = user;
    const isOther = user !== null && user.id !== this.#owner;
    if (isOther) this.#forget(user.id);
    if (this.#tabs !== null && (isOther || user === null)) {
      this.#leave();
      if (isOther) this.#begin();
      else this.#enter("closed", SIGNED_OUT, null);
    }
    return token;
  }

  async #renew() {
    try {
      if ((await this.#fresh(true)) === null) return;
      await this.request("POST", "notifications/stream/renew");
    } catch {
      // The server asks again, and at last closes the stream as expired.
    }
  }

  async #streamUrl() {
    const url = new URL("api/v1/notifications/stream", this.#base);
    if (this.#options.tokenInUrl) {
      const token = await this.#fresh(true); // the last one may have been refused
      if (token === null) throw new Problem(401, "Nobody is signed in.", { code: SIGNED_OUT });
      url.searchParams.set("token", token);
    } else {
      const { ticket } = await this.request("POST", "notifications/stream/tickets");
      url.searchParams.set("ticket", ticket);
    }
    url.searchParams.set("device", this.device);
    if (this.#cursor !== null) url.searchParams.set("last_event_id", this.#cursor);
    return url;
  }

  // ---- Requests

  async request(method, path, body, { headers = {} } = {}) {
    const owner = this.#owner;
    const token = await this.#fresh();
    try {
      return await this.#ask(owner, token, method, path, body, headers);
    } catch (problem) {
      if (problem.status !== 401 || problem.code === SIGNED_OUT) throw problem;
      const other = await this.#fresh(true);
      if (other === null || other === token) throw problem;
      return this.#ask(owner, other, method, path, body, headers);
    }
  }

  /** owner: the user when the request was made: what they have asked for is not done as another one. */
  async #ask(owner, token, method, path, body, headers) {
    const isOther = owner !== null && owner !== this.#owner;
    if (token === null || isOther) throw new Problem(401, "Nobody is signed in.", { code: SIGNED_OUT });
    const sent = { authorization: `Bearer ${token}`, ...headers };
    if (body !== undefined) sent["content-type"] = "application/json";
    let response;
    let answer;
    try {
      response = await fetch(new URL(`api/v1/${path}`, this.#base), {
        method,
        headers: sent,
        body: JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        keepalive: method === "POST" && path.startsWith("notifications/"), // a click that marks may leave the page
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // Without a body, or not of this server. A response that is cut off is none.
      const isOptional = !response.ok || response.status === 204;
      answer = await response.json().catch((error) => (isOptional ? null : Promise.reject(error)));
    } catch {
      throw new Problem(0, "The server does not respond.");
    }
    if (response.ok) return answer;
    const after = Number(response.headers.get("retry-after"));
    const detail = answer?.detail ?? `The server responded with the status ${response.status}.`;
    throw new Problem(response.status, detail.replaceAll("`", ""), {
      code: answer?.code ?? null,
      retryAfter: after > 0 ? after : null,
    });
  }

  #get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given).toString();
    return this.request("GET", search === "" ? path : `${path}?${search}`);
  }

  async #marked(asked) {
    const answer = await asked;
    if (answer.unread_count !== undefined) this.#count(answer.unread_count, answer.unread, answer.position ?? null);
    return answer;
  }

  // ---- Push: in a module of its own, loaded when it is used

  /** Whether push was enabled in this browser: `lumen-push.js` keeps what was registered. */
  get #hasPush() {
    try {
      return localStorage.getItem(`lumen-notify push ${this.url}`) !== null;
    } catch {
      return false;
    }
  }

  async #leavePush(token) {
    const { user } = this;
    if (user !== null && this.#hasPush) await this.#push((push) => push.leavePush(this, user.id, token)).catch(() => {});
  }

  async #push(use) {
    return use(await import("./lumen-push.js"));
  }

  enablePush = (options) => this.#push((push) => push.enablePush(this, options));
  disablePush = () => this.#push((push) => push.disablePush(this));
  pushState = () => this.#push((push) => push.pushState(this));
  devices = (options) => this.#get("devices", options);
  removeDevice = (id) => this.request("DELETE", at`devices/${id}`);

  // ---- Calls

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

/** Reject if what the page has given does not settle in time. */
function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("getToken takes too long.")), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function withNumber(numbers, name, number) {
  const { [name]: _, ...others } = numbers;
  return number > 0 ? { ...others, [name]: number } : others;
}

function withClientId(message) {
  // randomUUID is missing where the page is not secure.
  return { client_id: crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-"), ...message };
}

/** A path whose values are encoded. */
function at(parts, ...values) {
  return parts.reduce((path, part, index) => path + encodeURIComponent(values[index - 1]) + part);
}
