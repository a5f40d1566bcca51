// Rooms: the user's rooms, the one with the newest message first: the pages fetched plus every frame since.

import { Follower } from "./follower.js";

const LIMIT = 50;
const MAX_NAMES = 2_000;
const NAME_MESSAGES = 20;

/** Names of peers that one load asks for. */
const MAX_ASKED = 30;

/** `peer` of a direct room is the other user, `{id, username, avatar}`; the name is the id if no other is known. */
export class Rooms extends EventTarget {
  items = [];
  isLoaded = false;
  isLoading = false;
  problem = null;

  #client;
  #follower;
  #cursor = null;
  #turn = 0; // a load invalidates earlier fetches
  #fetching = new Set(); // ids of rooms
  #users = new Map();
  #asked = new Set(); // ids of direct rooms

  constructor(client) {
    super();
    this.#client = client;
    this.#follower = new Follower(client, {
      frame: (frame) => this.#take(frame),
      refresh: () => this.#load(),
      forget: () => this.#forget(),
    });
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  async load() {
    await this.#load();
  }

  async loadMore() {
    if (this.#cursor === null || this.isLoading) return;
    const turn = this.#turn;
    this.#show(this.items, { isLoading: true });
    const fetched = await this.#fetch(() => this.#client.rooms({ limit: LIMIT, cursor: this.#cursor }));
    if (turn !== this.#turn) return;
    let items = this.items;
    if (fetched !== null) {
      const known = new Set(items.map(({ id }) => id));
      this.#cursor = fetched.page.next_cursor;
      const further = this.#applied(fetched.page.items, fetched.frames);
      items = [...items, ...further.filter(({ id }) => !known.has(id))];
    }
    this.#show(items, { isLoading: false });
  }

  close() {
    this.#turn += 1;
    this.#follower.close();
  }

  #forget() {
    this.#turn += 1;
    this.#cursor = null;
    this.#users.clear();
    this.#asked.clear();
    this.#show([], { isLoaded: false, isLoading: false, problem: null });
  }

  async #load() {
    const turn = (this.#turn += 1);
    this.#show(this.items, { isLoading: true });
    const fetched = await this.#fetch(() => this.#client.rooms({ limit: LIMIT }), { isWhole: true });
    if (turn !== this.#turn) return true;
    if (fetched === null) {
      this.#show(this.items, { isLoading: false });
      return false;
    }
    this.#cursor = fetched.page.next_cursor;
    this.isLoaded = true;
    this.#show(this.#applied(fetched.page.items, fetched.frames), { isLoading: false });
    for (const frame of fetched.frames) this.#complete(frame);
    return true;
  }

  async #fetch(request, options) {
    const turn = this.#turn;
    try {
      const { answer: page, frames } = await this.#follower.fetch(request, options);
      if (turn === this.#turn) this.problem = null;
      return { page, frames };
    } catch (problem) {
      if (turn === this.#turn) this.problem = problem;
      return null;
    }
  }

  #applied(items, frames) {
    return frames.reduce((list, frame) => applied(list, frame, this.#client.user?.id), items);
  }

  #take(frame) {
    this.#learn(frame.data?.sender ?? frame.user);
    if (!this.isLoaded) return;
    const items = this.#applied(this.items, [frame]);
    if (items !== this.items) this.#show(items);
    this.#complete(frame);
  }

  /** Fetch the room of a frame if it is not in the list. */
  async #complete(frame) {
    const id = frame.frame === "joined" ? frame.data.room_id : frame.frame === "message" ? frame.room?.id : undefined;
    if (id === undefined || this.#fetching.has(id) || this.items.some((room) => room.id === id)) return;
    this.#fetching.add(id);
    const turn = this.#turn;
    try {
      const { answer, frames } = await this.#follower.fetch(() => this.#client.room(id));
      if (turn !== this.#turn || answer.role === null) return;
      const others = this.items.filter((room) => room.id !== id);
      this.#show([...others, ...this.#applied([answer], frames)]);
    } catch (problem) {
      // The user has left it, or is offline: then everything is fetched again.
      if (![403, 404].includes(problem.status)) this.#follower.retry();
    } finally {
      this.#fetching.delete(id);
    }
  }

  #learn(user) {
    if (!user?.id || !user.username || user.username === this.#users.get(user.id)?.username) return;
    if (this.#users.size >= MAX_NAMES) this.#users.delete(this.#users.keys().next().value);
    this.#users.set(user.id, user);
    if (this.items.some((room) => room.peer_id === user.id)) this.#show(this.items);
  }

  #show(items, changes = {}) {
    if (this.#follower.isClosed) return;
    Object.assign(this, changes);
    for (const { last_message: message } of items) if (message) this.#users.set(message.sender.id, message.sender);
    this.items = items.map((room) => this.#named(room)).sort(byActivity);
    this.dispatchEvent(new CustomEvent("change"));
    this.#ask();
  }

  #named(room) {
    if (room.kind !== "direct") return room;
    const known = this.#users.get(room.peer_id);
    return { ...room, peer: known ?? { id: room.peer_id, username: room.peer_id, avatar: null } };
  }

  /** Look for the names of peers in their messages. */
  #ask() {
    const unknown = this.items.filter(
      ({ id, kind, peer_id: peer }) =>
        kind === "direct" && !this.#users.has(peer) && !this.#asked.has(id),
    );
    for (const { id, peer_id: peer } of unknown.slice(0, Math.max(0, MAX_ASKED - this.#asked.size))) {
      this.#asked.add(id);
      this.#nameOf(id, peer).then(
        (user) => this.#learn(user),
        () => {}, // the id is shown
      );
    }
  }

  /** Return the peer of a direct room: by their account, or as the sender of a message. */
  async #nameOf(room, peer) {
    const { items: members } = await this.#client.members(room, { limit: 2 });
    const member = members.find(({ user_id: id }) => id === peer);
    if (member?.username) return { id: peer, username: member.username, avatar: member.avatar };
    const { items } = await this.#client.messages(room, { limit: NAME_MESSAGES });
    return items.find(({ sender }) => sender.id === peer)?.sender;
  }
}

/** Return the rooms after a frame; the same array if nothing changes. self: the user's id. */
export function applied(items, frame, self) {
  let rooms = items;
  if (frame.unread?.rooms !== undefined) {
    const unread = new Map(Object.entries(frame.unread.rooms));
    rooms = changed(rooms, () => true, ({ id }) => ({ unread: unread.get(id) ?? 0 }));
  }
  const { data } = frame;
  const id = frame.room?.id ?? data?.room_id;
  const change = CHANGES[frame.frame];
  if (frame.frame === "left") return rooms.some((room) => room.id === id) ? rooms.filter((room) => room.id !== id) : rooms;
  if (id === undefined || change === undefined) return rooms;
  return changed(rooms, (room) => room.id === id, (room) => change(room, frame, self));
}

const CHANGES = {
  message: (room, { room: { unread } = {}, data }, self) => {
    if (unread === undefined) return {}; // a notification to the room
    const change = { unread };
    if (data.seq > room.last_seq) Object.assign(change, { last_seq: data.seq, last_message: data });
    if (data.sender.id === self && data.seq > room.last_read_seq) change.last_read_seq = data.seq;
    return change;
  },
  read: (room, { room: { unread } = {}, data }, self) => {
    if (unread === undefined) return {};
    const isOwn = data.user_id === self && data.up_to > room.last_read_seq;
    return isOwn ? { unread, last_read_seq: data.up_to } : { unread };
  },
  room: (room, { data }) => ({ title: data.title }),
  member: (room, { data }, self) => {
    const own = data.members.find(({ user_id: id, role }) => id === self && role !== null);
    return { members_count: data.members_count, ...(own && { role: own.role }) };
  },
  message_edited: (room, { data }) => withText(room, data),
  message_deleted: (room, { data }) => withText(room, data),
};

function withText(room, message) {
  return room.last_message?.id === message.id ? { last_message: message } : {};
}

function changed(rooms, isMeant, change) {
  let isSame = true;
  const after = rooms.map((room) => {
    if (!isMeant(room)) return room;
    const fields = Object.entries(change(room)).filter(([name, value]) => room[name] !== value);
    if (fields.length === 0) return room;
    isSame = false;
    return { ...room, ...Object.fromEntries(fields) };
  });
  return isSame ? rooms : after;
}

function byActivity(one, other) {
  const [earlier, later] = [activityOf(one), activityOf(other)];
  if (earlier !== later) return earlier < later ? 1 : -1;
  return one.id < other.id ? 1 : -1;
}

function activityOf({ last_message: message, created_at: createdAt }) {
  return message?.created_at ?? createdAt;
}
