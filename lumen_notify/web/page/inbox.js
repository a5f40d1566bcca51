// Inbox: the user's notifications and unread count: the pages fetched plus every frame since.

const PAGE = 20;

/** Frames that can bring back rows that are not in the list. */
const RELOADING = new Set(["reset", "caught_up", "unarchive", "preferences"]);

/** Live rows after which the list is fetched again, so that a page left open stays small. */
const MAX_LIVE = 500;

/**
 * Events: `change` (read `items`, `hasOlder`), `count` (read `unreadCount`), `problem` (detail: a Problem
 * or null).
 *
 * items: descending by position, as `GET /notifications` lists them. A response may be older or newer than a
 * frame that arrives while it is fetched, so those frames are applied to it again. Frames state absolute
 * values, so applying one twice is harmless.
 */
export class Inbox extends EventTarget {
  items = [];
  unreadCount = null;
  isLoaded = false;

  #api;
  #cursor = null;
  #countedAt = -1;
  #live = 0;
  #turn = 0; // a fetch of the first page invalidates earlier fetches
  #recordings = new Set();

  constructor(api) {
    super();
    this.#api = api;
  }

  get hasOlder() {
    return this.#cursor !== null;
  }

  /** Fetch the newest page and replace the items; also the count, if no frame has stated it. */
  async load() {
    const turn = (this.#turn += 1);
    this.#live = 0;
    if (this.unreadCount === null) this.#fetchCount();
    const fetched = await this.#fetch(`notifications?limit=${PAGE}`);
    if (turn !== this.#turn) return;
    this.isLoaded = fetched !== null;
    if (fetched === null) return;
    let items = fetched.page.items;
    for (const frame of fetched.frames) items = applied(items, frame);
    this.items = items;
    this.#cursor = fetched.page.next_cursor;
    this.#tell("change");
  }

  /** Fetch the next page. */
  async older() {
    const turn = this.#turn;
    const fetched = await this.#fetch(`notifications?limit=${PAGE}&cursor=${encodeURIComponent(this.#cursor)}`);
    if (turn !== this.#turn || fetched === null) return;
    const known = new Set(this.items.map((item) => item.id));
    let items = fetched.page.items.filter((item) => !known.has(item.id));
    for (const frame of fetched.frames) if (frame.kind !== "message") items = applied(items, frame);
    this.items = [...this.items, ...items];
    this.#cursor = fetched.page.next_cursor;
    this.#tell("change");
  }

  /** Apply one frame of the stream. */
  apply(frame) {
    const { kind, body, position } = frame;
    if (kind === "ready" || kind === "reset") this.#countedAt = -1; // the log may be a new one
    if (body.unread_count !== undefined) this.#count(body.unread_count, position);
    if (frame.replaysLeft === Infinity) return; // a long replay: the list is fetched at its end
    const isBehind = kind === "ready" && !(body.recovered && this.isLoaded);
    if (isBehind || RELOADING.has(kind)) this.load();
    else this.#change(frame);
  }

  /**
   * Mark notifications here at once, and on the server. action: read, unread, seen, archive, unarchive.
   * selection: as in the API. On failure fetches the list again and throws a Problem.
   */
  async mark(action, selection) {
    if (action !== "unarchive") this.#change({ kind: action, body: { data: selection }, position: Infinity });
    try {
      const answer = await this.#api.post(`notifications/${action}`, selection);
      this.#count(answer.unread_count, answer.position);
      if (action === "unarchive") await this.load();
    } catch (problem) {
      this.load();
      throw problem;
    }
  }

  /** Mark everything as read: all notifications up to a position, and all messages of all rooms. */
  async readAll(upTo) {
    if (upTo !== null) await this.mark("read", { up_to: upTo });
    const answer = await this.#api.post("rooms/read", { all: true });
    this.#count(answer.unread_count, answer.position);
  }

  #change(frame) {
    for (const frames of this.#recordings) frames.push(frame);
    const items = applied(this.items, frame);
    if (items === this.items) return;
    this.items = items;
    this.#tell("change");
    if (frame.kind === "message" && (this.#live += 1) > MAX_LIVE) this.load();
  }

  /** position: null if the frame has none; later frames are newer in any case. */
  #count(unreadCount, position) {
    // The response to a mark may arrive before frames that are older than it.
    if (position !== null && position < this.#countedAt) return;
    this.#countedAt = position ?? -1;
    this.unreadCount = unreadCount;
    this.#tell("count");
  }

  async #fetchCount() {
    try {
      const { unread_count, position } = await this.#api.get("notifications/counts");
      this.#count(unread_count, position);
    } catch {
      // The list is fetched at the same time and reports the problem.
    }
  }

  async #fetch(path) {
    const frames = [];
    this.#recordings.add(frames);
    try {
      const page = await this.#api.get(path);
      this.#tell("problem", null);
      return { page, frames };
    } catch (problem) {
      this.#tell("problem", problem);
      return null;
    } finally {
      this.#recordings.delete(frames);
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Return the items after a frame; the same array if nothing changes. */
export function applied(items, frame) {
  if (frame.kind === "message") return newIn(frame).reduce(withNew, items);
  if (frame.kind === "notification_edited") return withEdit(items, frame.body.data);
  const change = CHANGES[frame.kind];
  if (change === undefined) return items;
  const isMeant = selector(frame);
  if (!items.some(isMeant)) return items;
  return items.map((item) => (isMeant(item) ? change(item) : item)).filter((item) => item !== null);
}

/** The effect of each kind of frame on a row; `seen` changes nothing visible. */
const CHANGES = {
  read: (item) => ({ ...item, is_read: true }),
  unread: (item) => ({ ...item, is_read: false }),
  archive: () => null,
  delete: () => null,
  expire: () => null,
};

/** Return the filter that `data` describes: ids, or all so far, optionally of a category or up to a position. */
function selector({ body: { data }, position }) {
  if (data.ids !== undefined) {
    const ids = new Set(data.ids);
    return (item) => ids.has(item.id);
  }
  const last = Math.min(position, data.up_to ?? Infinity);
  return (item) => item.position <= last && (data.category === undefined || item.category === data.category);
}

/** Return the notifications in a frame: those of a bundle; none for a room message. */
export function notificationsOf({ type, data, room }) {
  if (room !== undefined) return [];
  return type === "bundle" && Array.isArray(data.items) ? data.items : [data];
}

function newIn({ body, position }) {
  return notificationsOf(body).map((item) => ({ ...item, position, is_read: false }));
}

/** The content of a notification has changed; it keeps its place, and whether it is read. */
function withEdit(items, edited) {
  if (!items.some(({ id }) => id === edited.id)) return items;
  return items.map((item) => (item.id === edited.id ? { ...item, ...edited } : item));
}

/** A known notification has been grouped with later ones: it moves to its new position. */
function withNew(items, item) {
  const known = items.find(({ id }) => id === item.id);
  if (known !== undefined && known.position >= item.position) return items;
  const others = items.filter((other) => other !== known);
  const place = others.findIndex(({ position }) => position < item.position);
  return others.toSpliced(place < 0 ? others.length : place, 0, item);
}
