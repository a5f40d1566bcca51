// Store: what a page shows, kept up to date by the frames of a client.

const PAGE = 30;
const MAX_LIVE = 200; // frames applied to a list before it is fetched again: it holds no more than that and its pages
const MAX_MESSAGES = 300;
const TYPING_MS = 10_000;

/** Frames after which a list is fetched again. */
const RELOADING = new Set(["reset", "caught_up", "preferences", "unarchive"]);

/** What a frame does to one notification; null removes it. */
const CHANGES = {
  read: (item) => ({ ...item, is_read: true }),
  unread: (item) => ({ ...item, is_read: false }),
  archive: () => null,
  delete: () => null,
  expire: () => null,
};

class Store extends EventTarget {
  isLoaded = false;
  isLoading = false;
  problem = null;

  #stopped = new AbortController();
  #turn = 0;
  #recordings = new Set();

  constructor(client) {
    super();
    this.client = client;
  }

  /** Listen to the client until `close`. */
  listen(name, handle) {
    this.client.addEventListener(name, ({ detail }) => handle(detail), { signal: this.#stopped.signal });
  }

  close() {
    this.#turn += 1;
    this.#stopped.abort();
  }

  get isClosed() {
    return this.#stopped.signal.aborted;
  }

  /**
   * Fetch, and then apply: with the frames that came meanwhile, since the answer may be older than they are. A later
   * fetch makes an earlier one void. Never throws; `problem` has the failure.
   */
  async fetch(ask, apply) {
    const turn = (this.#turn += 1);
    const frames = [];
    this.#recordings.add(frames);
    this.isLoading = true;
    this.changed();
    try {
      const answer = await ask();
      if (turn !== this.#turn) return;
      this.problem = null;
      this.isLoaded = true;
      apply(answer, frames);
    } catch (problem) {
      if (turn === this.#turn) this.problem = problem;
    } finally {
      this.#recordings.delete(frames);
      if (turn === this.#turn) {
        this.isLoading = false;
        this.changed();
      }
    }
  }

  record(frame) {
    for (const frames of this.#recordings) frames.push(frame);
  }

  changed(name = "change") {
    if (!this.isClosed) this.dispatchEvent(new CustomEvent(name));
  }
}

export class Inbox extends Store {
  items = [];

  #options;
  #cursor = null;
  #live = 0;

  constructor(client, options = {}) {
    super(client);
    this.#options = { limit: PAGE, ...options };
    this.listen("frame", (frame) => this.#take(frame));
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  async load(options) {
    if (options !== undefined) this.#options = { limit: PAGE, ...options };
    this.#live = 0;
    await this.fetch(
      () => this.client.list(this.#options),
      ({ items, next_cursor: cursor }, frames) => {
        this.#cursor = cursor;
        this.items = frames.reduce((all, frame) => this.#applied(all, frame), items);
      },
    );
  }

  async loadMore() {
    if (!this.hasMore || this.isLoading) return;
    await this.fetch(
      () => this.client.list({ ...this.#options, cursor: this.#cursor }),
      ({ items, next_cursor: cursor }, frames) => {
        this.#cursor = cursor;
        const known = new Set(this.items.map(({ id }) => id));
        const older = items.filter(({ id }) => !known.has(id));
        const changes = frames.filter(({ frame }) => frame !== "message");
        this.items = [...this.items, ...changes.reduce((all, frame) => this.#applied(all, frame), older)];
      },
    );
  }

  async mark(action, selection) {
    const before = this.items;
    this.#change({ frame: action, data: selection, position: Infinity });
    try {
      await this.client.mark(action, selection);
      if (action === "unarchive") await this.load();
    } catch (problem) {
      this.items = before;
      this.changed();
      this.load(); // frames may have come meanwhile
      throw problem;
    }
  }

  async readAll() {
    await this.mark("read", { all: true });
    await this.client.markRoomsRead();
  }

  #take(frame) {
    if (!this.isLoaded && !this.isLoading) return;
    const isBehind = frame.frame === "ready" && !frame.recovered;
    if (isBehind || RELOADING.has(frame.frame)) this.load();
    else this.#change(frame);
  }

  #change(frame) {
    this.record(frame);
    const items = this.#applied(this.items, frame);
    if (items === this.items) return;
    this.items = items;
    this.changed();
    if (frame.frame === "message" && (this.#live += 1) > MAX_LIVE) this.load();
  }

  /** Return the items after a frame; the same array if nothing changes. */
  #applied(items, frame) {
    const { archived, category } = this.#options;
    if (frame.frame === "message") {
      if (archived) return items;
      const added = notificationsOf(frame).filter((item) => category === undefined || item.category === category);
      return added.reduce((all, item) => withNew(all, { ...item, position: frame.position, is_read: false }), items);
    }
    if (frame.frame === "notification_edited") return withEdit(items, frame.data);
    const change = CHANGES[frame.frame];
    if (change === undefined || frame.room !== undefined) return items;
    if (archived && frame.frame === "archive") return items;
    const isMeant = selector(frame);
    if (!items.some(isMeant)) return items;
    return items.map((item) => (isMeant(item) ? change(item) : item)).filter((item) => item !== null);
  }
}

/** Return the notifications of a `message` frame: those of a bundle; none for a message of a room. */
export function notificationsOf({ type, data, room }) {
  if (room !== undefined) return [];
  return type === "bundle" && Array.isArray(data.items) ? data.items : [data];
}

/** Return the filter that `data` describes: ids, or all so far, of a category or up to a position. */
function selector({ data, position }) {
  if (data.ids !== undefined) {
    const ids = new Set(data.ids);
    return ({ id }) => ids.has(id);
  }
  const last = Math.min(position ?? Infinity, data.up_to ?? Infinity);
  return (item) => (item.position ?? 0) <= last && (data.category === undefined || item.category === data.category);
}

function withEdit(items, edited) {
  if (!items.some(({ id }) => id === edited.id)) return items;
  return items.map((item) => (item.id === edited.id ? { ...item, ...edited } : item));
}

/** A known notification has been merged with later ones: it moves to its new position. */
function withNew(items, item) {
  const known = items.find(({ id }) => id === item.id);
  if (known !== undefined && known.position >= item.position) return items;
  const others = items.filter((other) => other !== known);
  const place = others.findIndex(({ position }) => position < item.position);
  others.splice(place < 0 ? others.length : place, 0, item);
  return others;
}

export class Rooms extends Store {
  items = [];

  #cursor = null;

  constructor(client) {
    super(client);
    this.listen("frame", (frame) => this.#take(frame));
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  async load() {
    await this.fetch(
      () => this.client.rooms({ limit: PAGE }),
      ({ items, next_cursor: cursor }, frames) => {
        this.#cursor = cursor;
        this.items = frames.reduce((all, frame) => this.#applied(all, frame), items);
      },
    );
  }

  async loadMore() {
    if (!this.hasMore || this.isLoading) return;
    await this.fetch(
      () => this.client.rooms({ limit: PAGE, cursor: this.#cursor }),
      ({ items, next_cursor: cursor }, frames) => {
        this.#cursor = cursor;
        const known = new Set(this.items.map(({ id }) => id));
        const all = [...this.items, ...items.filter(({ id }) => !known.has(id))];
        this.items = frames.reduce((rooms, frame) => this.#applied(rooms, frame), all);
      },
    );
  }

  #take(frame) {
    if (!this.isLoaded && !this.isLoading) return;
    const isBehind = frame.frame === "ready" && !frame.recovered;
    if (isBehind || frame.frame === "joined" || RELOADING.has(frame.frame)) {
      this.load();
      return;
    }
    this.record(frame);
    const items = this.#applied(this.items, frame);
    if (items === this.items) return;
    this.items = items;
    this.changed();
    const isUnknown = frame.frame === "message" && frame.room && !items.some(({ id }) => id === frame.room.id);
    if (isUnknown) this.load();
  }

  #applied(items, { frame, room, data, unread }) {
    if (unread?.rooms !== undefined && frame !== "ready") {
      return items.map((item) => withFields(item, { unread: unread.rooms[item.id] ?? 0 }));
    }
    if (frame === "message" && room !== undefined) return withMessage(items, room, data);
    if (frame === "read" && room !== undefined) return changed(items, room.id, () => ({ unread: room.unread }));
    if (frame === "room") return changed(items, data.room_id, () => ({ title: data.title }));
    if (frame === "member") return changed(items, data.room_id, () => ({ members_count: data.members_count }));
    if (frame === "left") return items.filter(({ id }) => id !== data.room_id);
    if (frame === "message_edited" || frame === "message_deleted") {
      return changed(items, data.room_id, (item) => (item.last_message?.id === data.id ? { last_message: data } : {}));
    }
    return items;
  }
}

function withMessage(items, { id, unread }, message) {
  const item = items.find((one) => one.id === id);
  if (item === undefined) return [...items]; // not listed yet: fetched by the caller
  if ((item.last_message?.seq ?? 0) >= message.seq) return items;
  return [{ ...item, unread, last_message: message, last_seq: message.seq }, ...items.filter((one) => one !== item)];
}

function changed(items, id, fields) {
  return items.map((item) => (item.id === id ? withFields(item, fields(item)) : item));
}

function withFields(item, fields) {
  return Object.entries(fields).some(([name, value]) => item[name] !== value) ? { ...item, ...fields } : item;
}

export class Conversation extends Store {
  room = null;
  members = [];
  presence = new Map();
  readMarks = new Map();
  hasOlder = false;
  hasNewer = false;

  #id;
  #limit;
  #known = []; // of the server, by seq, without a gap
  #sending = []; // not answered, or failed
  #typing = new Map(); // user id -> {user, timer}
  #readUpTo = 0; // reported as read

  constructor(client, roomId, { limit = PAGE } = {}) {
    super(client);
    this.#id = roomId;
    this.#limit = limit;
    this.listen("frame", (frame) => this.#take(frame));
  }

  get messages() {
    return [...this.#known, ...this.#sending];
  }

  get typing() {
    return [...this.#typing.values()].map(({ user }) => user);
  }

  close() {
    super.close();
    for (const { timer } of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
  }

  async load({ around } = {}) {
    const place = around === undefined ? {} : { around };
    await this.fetch(
      () => Promise.all([this.client.room(this.#id), this.client.messages(this.#id, { limit: this.#limit, ...place })]),
      ([room, { items }], frames) => {
        this.room = room;
        this.#known = sorted(items);
        this.#readUpTo = room.last_read_seq ?? 0;
        this.#measure();
        for (const frame of frames) this.#apply(frame);
        if (room.role !== null) this.#loadPeople();
      },
    );
  }

  async loadOlder() {
    await this.#more(this.hasOlder, () => ({ before: this.#known[0]?.seq }));
  }

  async loadNewer() {
    await this.#more(this.hasNewer, () => ({ after: this.#known.at(-1)?.seq }));
  }

  async #more(hasMore, place) {
    if (!hasMore || this.isLoading) return;
    const isOlder = "before" in place();
    await this.fetch(
      () => this.client.messages(this.#id, { limit: this.#limit, ...place() }),
      ({ items }, frames) => {
        this.#known = sorted([...this.#known, ...items]);
        this.#trim(isOlder);
        for (const frame of frames) this.#apply(frame);
      },
    );
  }

  /** Let go of the far end. */
  #trim(isOlder) {
    if (this.#known.length > MAX_MESSAGES) {
      this.#known = isOlder ? this.#known.slice(0, MAX_MESSAGES) : this.#known.slice(-MAX_MESSAGES);
    }
    this.#measure();
  }

  /** Compare the ends with the room: its messages are numbered without gaps. */
  #measure() {
    this.hasOlder = (this.#known[0]?.seq ?? 1) > 1;
    this.hasNewer = (this.#known.at(-1)?.seq ?? this.room.last_seq) < this.room.last_seq;
  }

  async #loadPeople() {
    try {
      const [members, marks] = await Promise.all([
        allOf((options) => this.client.members(this.#id, options)),
        allOf((options) => this.client.readMarks(this.#id, options)),
      ]);
      this.members = members;
      this.readMarks = new Map(marks.map(({ user_id: user, last_read_seq: seq }) => [user, seq]));
    } catch (problem) {
      this.problem = problem;
    }
    this.changed("members");
    this.changed();
    try {
      const present = await allOf((options) => this.client.presence(this.#id, options));
      this.presence = new Map(present.filter(({ status }) => status === "online").map((one) => [one.user.id, one]));
      this.changed("presence");
    } catch {
      // Presence is off.
    }
  }

  // ---- Writing

  async send(content, fields = {}) {
    const item = {
      id: null, client_id: clientId(), seq: null, room_id: this.#id, kind: "text", content, ...fields,
      sender: senderOf(this.client.user), created_at: new Date().toISOString(), status: "sending",
    };
    this.#sending = [...this.#sending, item];
    this.changed();
    return this.#submit(item, fields);
  }

  async resend(message) {
    const { content, reply_to, mentions, data, kind, client_id: id } = message;
    const fields = { ...(reply_to && { reply_to: reply_to.id ?? reply_to }), ...(mentions && { mentions }), ...(data && { data }), kind };
    this.#replaceSending(id, { status: "sending", problem: undefined });
    return this.#submit({ ...message, content, client_id: id }, fields);
  }

  discard(message) {
    this.#sending = this.#sending.filter(({ client_id: id }) => id !== message.client_id);
    this.changed();
  }

  async #submit(item, fields) {
    const { client_id: id, content } = item;
    try {
      const answer = await this.client.send(this.#id, { content, ...fields, client_id: id });
      if (!this.#sending.some((one) => one.client_id === id)) return this.#known.find((one) => one.client_id === id) ?? item;
      const sent = { ...item, id: answer.id, seq: answer.seq, status: "sent", problem: undefined };
      const next = (this.#known.at(-1)?.seq ?? 0) + 1;
      if (answer.seq === next && !this.hasNewer) this.#insert(sent);
      else this.#replaceSending(id, sent); // its frame comes, in order
      this.changed();
      return sent;
    } catch (problem) {
      this.#replaceSending(id, { status: "failed", problem });
      return this.#sending.find((one) => one.client_id === id) ?? item;
    }
  }

  #replaceSending(id, fields) {
    this.#sending = this.#sending.map((one) => (one.client_id === id ? { ...one, ...fields } : one));
    this.changed();
  }

  async edit(message, content) {
    const before = message;
    this.#rewrite({ ...message, content });
    try {
      this.#rewrite(await this.client.edit(this.#id, message.id, content));
    } catch (problem) {
      this.#rewrite(before);
      throw problem;
    }
  }

  async remove(message) {
    await this.client.remove(this.#id, message.id);
    this.#rewrite({ ...message, content: "", deleted_at: message.deleted_at ?? new Date().toISOString() });
  }

  async markRead() {
    const newest = this.#known.at(-1)?.seq ?? 0;
    if (!this.room || this.room.role === null || newest <= this.#readUpTo) return;
    const before = this.#readUpTo;
    this.#readUpTo = newest;
    try {
      await this.client.markRoomRead(this.#id, newest);
    } catch {
      this.#readUpTo = before; // reported with the next message, or focus
    }
  }

  setTyping(isTyping) {
    this.client.typing(this.#id, isTyping).catch(() => {});
  }

  // ---- Frames

  #take(frame) {
    if (!this.isLoaded && !this.isLoading) return;
    if (frame.frame === "ready") this.#forgetTyping();
    if (frame.frame === "reset" || frame.frame === "caught_up" || (frame.frame === "ready" && !frame.recovered)) {
      this.load();
      return;
    }
    this.record(frame);
    if (this.#apply(frame)) this.changed();
  }

  /** Apply a frame; return whether it is one of this room. */
  #apply(frame) {
    const { frame: kind, data } = frame;
    if (kind === "presence") return this.#present(frame);
    const room = frame.room?.id ?? data?.room_id ?? frame.room_id;
    if (room !== this.#id) return false;
    const handle = {
      message: () => this.#arrive(data),
      message_edited: () => this.#rewrite(data),
      message_deleted: () => this.#rewrite(data),
      read: () => this.#readBy(data),
      typing: () => this.#type(frame),
      room: () => (this.room = this.room && { ...this.room, title: data.title }),
      member: () => this.#loadPeople(),
      joined: () => this.load(),
      left: () => this.#left(),
    }[kind];
    handle?.();
    return handle !== undefined;
  }

  #arrive(message) {
    if (this.room !== null) this.room = { ...this.room, last_seq: Math.max(this.room.last_seq, message.seq) };
    this.#endTyping(message.sender?.id);
    const next = (this.#known.at(-1)?.seq ?? 0) + 1;
    if (message.seq < next) return this.#rewrite(message);
    if (this.hasNewer || (message.seq > next && this.#known.length > 0)) {
      this.hasNewer = true; // shown once the user comes to the end
      this.#sending = this.#sending.filter(({ client_id: id }) => id !== message.client_id || !message.client_id);
      return undefined;
    }
    return this.#insert({ ...message, status: "sent" });
  }

  #insert(message) {
    const own = message.client_id ?? null;
    this.#sending = this.#sending.filter(({ client_id: id }) => own === null || id !== own);
    this.#known = sorted([...this.#known, message]);
    if (this.room !== null) this.room = { ...this.room, last_seq: Math.max(this.room.last_seq, message.seq) };
    if (message.sender?.id === this.client.user?.id) this.#readUpTo = Math.max(this.#readUpTo, message.seq);
    this.#trim(false);
  }

  #rewrite(message) {
    this.#known = this.#known.map((one) => (one.id === message.id ? { ...one, ...message, status: "sent" } : one));
    this.changed();
  }

  #readBy({ user_id: user, up_to: seq }) {
    this.readMarks = new Map(this.readMarks).set(user, Math.max(seq, this.readMarks.get(user) ?? 0));
    if (user === this.client.user?.id) this.#readUpTo = Math.max(this.#readUpTo, seq);
  }

  #present({ user, status, last_seen_at: at }) {
    if (!this.members.some((member) => (member.user_id ?? member.user?.id) === user.id)) return false;
    const presence = new Map(this.presence);
    if (status === "online") presence.set(user.id, { user, status, devices: [], last_seen_at: at });
    else presence.delete(user.id);
    this.presence = presence;
    this.changed("presence");
    return true;
  }

  #type({ user, is_typing: isTyping }) {
    this.#endTyping(user.id);
    if (isTyping && user.id !== this.client.user?.id) {
      const timer = setTimeout(() => this.#endTyping(user.id), TYPING_MS);
      this.#typing.set(user.id, { user, timer });
    }
    this.changed("typing");
  }

  #endTyping(id) {
    const known = this.#typing.get(id);
    if (known === undefined) return;
    clearTimeout(known.timer);
    this.#typing.delete(id);
    this.changed("typing");
  }

  #forgetTyping() {
    for (const id of [...this.#typing.keys()]) this.#endTyping(id);
  }

  #left() {
    this.room = this.room && { ...this.room, role: null };
    this.changed("left");
  }
}

function sorted(messages) {
  const bySeq = new Map(messages.map((one) => [one.seq, { status: "sent", client_id: null, ...one }]));
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}

/** Fetch all pages, of at most 1,000 items in all. */
async function allOf(ask) {
  const all = [];
  let cursor;
  do {
    const { items, next_cursor: next } = await ask({ limit: 100, ...(cursor && { cursor }) });
    all.push(...items);
    cursor = next;
  } while (cursor && all.length < 1000);
  return all;
}

function clientId() {
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}

function senderOf({ id, name, avatar }) {
  return { id, username: name, avatar };
}
