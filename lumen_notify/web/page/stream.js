// Stream: keeps one EventSource open; handles tickets, the cursor, reconnects and frames.

/**
 * Frames of events in the log. `replayed` counts all of them; it is null if they are many: `caught_up` then ends the
 * replay. `message` has no event name on the wire.
 */
const DURABLE = new Set([
  "message", "read", "seen", "unread", "archive", "unarchive", "delete", "expire", "preferences",
  "joined", "left", "member", "room", "message_edited", "message_deleted", "notification_edited",
]);
const KINDS = [...DURABLE, "ready", "caught_up", "ping", "reset", "expiring", "closing"];

const SHORTEST_MS = 2_000;
const LONGEST_MS = 30_000;
const MAX_TRIES = 15;

/** More than three pings of the default 30 s. Doubled after a false alarm, since a server may ping less often. */
const SILENCE_MS = 100_000;
const WATCH_MS = 5_000;

/**
 * Events: `state` (read `state`, `nextTryAt`), `frame` (detail: kind, position, body, replaysLeft) and
 * `ended` (detail: reason, problem), after which only `open` reconnects. replaysLeft: null outside a replay,
 * Infinity in a long one.
 *
 * state: `connecting` (the first time), `live`, `reconnecting`, `waiting` (until nextTryAt) or `stopped`.
 * The browser reconnects by itself, with the cookie from the first connection and Last-Event-ID. It gives up on
 * any status but 200 (HTML, section 9.2.2); then we reconnect with a new ticket and our cursor.
 */
export class Stream extends EventTarget {
  state = "stopped";
  nextTryAt = null;

  #api;
  #source = null;
  #turn = 0; // connecting or closing invalidates earlier attempts
  #timer = null;
  #watch = null;
  #cursor = null;
  #tries = 0;
  #replaysLeft = 0;
  #heardAt = 0;
  #patience = SILENCE_MS;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Connect, also after `ended` or while waiting. */
  open() {
    this.#tries = 0;
    this.#connect();
  }

  /** Connect now if no connection is open: the network is back or the tab is visible. */
  nudge() {
    if (this.state === "waiting") this.open();
    else this.#listen();
  }

  close() {
    this.#drop();
    this.#enter("stopped");
  }

  async #connect() {
    this.#drop();
    const turn = this.#turn;
    this.#enter(this.#cursor === null ? "connecting" : "reconnecting");
    let ticket;
    try {
      ({ ticket } = await this.#api.post("notifications/stream/tickets"));
    } catch (problem) {
      if (turn === this.#turn) this.#refused(problem);
      return;
    }
    if (turn === this.#turn) this.#attach(ticket);
  }

  #attach(ticket) {
    const url = this.#api.url("notifications/stream");
    url.searchParams.set("ticket", ticket);
    url.searchParams.set("device", device());
    if (this.#cursor !== null) url.searchParams.set("last_event_id", this.#cursor);
    const source = new EventSource(url);
    this.#source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (source === this.#source) this.#take(kind, event);
      });
    }
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      if (source.readyState === EventSource.CLOSED) this.#wait();
      else this.#enter("reconnecting");
    });
    this.#heardAt = Date.now();
    this.#watch = setInterval(() => this.#listen(), WATCH_MS);
  }

  #drop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#source?.close();
    this.#source = null;
    this.nextTryAt = null;
  }

  #refused(problem) {
    if (problem.status === 401 || problem.status === 403) this.#end("unauthenticated", problem);
    else this.#wait();
  }

  #wait() {
    this.#drop();
    if (this.#tries >= MAX_TRIES) {
      this.#end("unreachable");
      return;
    }
    const delay = backoff(this.#tries);
    this.#tries += 1;
    this.nextTryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#enter("waiting");
  }

  #listen() {
    if (this.state !== "live" || Date.now() - this.#heardAt < this.#patience) return;
    this.#patience *= 2;
    this.#connect();
  }

  #take(kind, event) {
    this.#heardAt = Date.now();
    const body = JSON.parse(event.data);
    // A frame without an id repeats the last one (HTML, section 9.2.6); harmless for a cursor.
    if (event.lastEventId !== "") this.#cursor = event.lastEventId;
    if (kind === "ready") {
      this.#tries = 0;
      this.#replaysLeft = body.replayed ?? Infinity;
      this.#enter("live");
    } else if (kind === "closing") {
      if (!body.reconnect) this.#end(body.reason);
      return; // else the server disconnects and the browser reconnects after `retry`
    } else if (kind === "caught_up") {
      this.#replaysLeft = 0;
      this.#tell("frame", { kind, body, position: positionOf(this.#cursor), replaysLeft: 0 });
      return;
    } else if (DURABLE.has(kind) && this.#replaysLeft > 0) {
      this.#replaysLeft -= 1;
      this.#tell("frame", { kind, body, position: positionOf(this.#cursor), replaysLeft: this.#replaysLeft });
      return;
    }
    const isPlaced = DURABLE.has(kind) || kind === "reset" || (kind === "ready" && body.replayed === 0);
    this.#tell("frame", { kind, body, position: isPlaced ? positionOf(this.#cursor) : null, replaysLeft: null });
  }

  #end(reason, problem = null) {
    this.#drop();
    this.#enter("stopped");
    this.#tell("ended", { reason, problem });
  }

  #enter(state) {
    this.state = state;
    this.#tell("state");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Return the wait before the next attempt in ms: 2 to 4 s at first, at most 15 to 30 s. */
export function backoff(tries, random = Math.random()) {
  const ceiling = Math.min(LONGEST_MS, 2 * SHORTEST_MS * 2 ** tries);
  return Math.max(SHORTEST_MS, ceiling * (0.5 + random / 2));
}

function positionOf(cursor) {
  return Number(cursor.split("-")[1]); // `<epoch>-<position>-<check>`
}

function device() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
}
