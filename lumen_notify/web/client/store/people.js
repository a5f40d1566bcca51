// People: the members of a room, how far they have read, who is online and who types.

const PAGE = 100;

/** Members that are fetched; of a larger room, those with the first ids. */
const MAX_MEMBERS = 1_000;

/** Without a repeat, a user has stopped typing. */
const TYPING_MS = 10_000;

export class People {
  members = [];
  presence = new Map();
  typing = [];

  #client;
  #id;
  #on;
  #timers = new Map(); // user id -> timer

  /** on: called with the name of what has changed: `members`, `presence` or `typing`. */
  constructor(client, roomId, on) {
    this.#client = client;
    this.#id = roomId;
    this.#on = on;
  }

  get readMarks() {
    return new Map(this.members.map(({ user_id: id, last_read_seq: seq }) => [id, seq]));
  }

  /** follow: fetches, and returns the frames that came meanwhile too. Throws a Problem if members cannot be had. */
  async load(follow) {
    const { answer, frames } = await follow(() => this.#pages((options) => this.#client.members(this.#id, options)));
    this.members = answer;
    for (const frame of frames) this.#followMembers(frame);
    this.#on("members");
    await this.#loadPresence(follow);
  }

  async #loadPresence(follow) {
    if (this.#client.features?.has("presence") === false) return;
    try {
      const { answer, frames } = await follow(() => this.#pages((options) => this.#client.presence(this.#id, options)));
      this.presence = new Map(answer.map(({ user, ...presence }) => [user.id, presence]));
      for (const frame of frames) this.#followPresence(frame);
      this.#on("presence");
    } catch {
      // Presence is off on the server, or the next connection asks again.
    }
  }

  async #pages(request) {
    const items = [];
    let cursor = null;
    do {
      const page = await request({ limit: PAGE, ...(cursor !== null && { cursor }) });
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null && items.length < MAX_MEMBERS);
    return items;
  }

  /** Follow a frame. Return whether members have to be fetched again. */
  take(frame) {
    if (frame.frame === "ready") this.#stopAll();
    if (frame.frame === "presence" && this.#followPresence(frame)) this.#on("presence");
    if (frame.frame === "typing" && frame.room_id === this.#id) this.#followTyping(frame);
    if (frame.frame === "message" && frame.room?.id === this.#id) this.#stop(frame.data.sender.id);
    if (this.#followMembers(frame)) this.#on("members");
    const { data } = frame;
    const isMember = frame.frame === "member" && data.room_id === this.#id;
    return isMember && (data.change === "joined" || data.changed > data.members.length);
  }

  clear() {
    this.close();
    this.members = this.typing = [];
    this.presence = new Map();
    for (const name of ["members", "presence", "typing"]) this.#on(name);
  }

  close() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #followMembers({ frame, room, data }) {
    if (frame === "message" && room?.id === this.#id) return this.#read(data.sender.id, data.seq);
    if (frame === "read" && room?.id === this.#id) return this.#read(data.user_id, data.up_to);
    if (frame !== "member" || data.room_id !== this.#id) return false;
    const changes = new Map(data.members.map((member) => [member.user_id, member]));
    const known = new Set(this.members.map(({ user_id: id }) => id));
    const kept = this.members
      .map((member) => ({ ...member, ...changes.get(member.user_id) }))
      .filter(({ role }) => role !== null);
    // A member who has just joined has nothing unread; the fetch that follows says how far they have read.
    const added = [...changes.values()].filter(({ user_id: id, role }) => role !== null && !known.has(id));
    const all = [...kept, ...added.map((member) => ({ ...member, last_read_seq: 0 }))];
    this.members = all.sort((one, other) => (one.user_id < other.user_id ? -1 : 1)).slice(0, MAX_MEMBERS);
    for (const [id, { role }] of changes) if (role === null) this.#forget(id);
    return true;
  }

  #read(id, seq) {
    const member = this.members.find(({ user_id: other }) => other === id);
    if (member === undefined || member.last_read_seq >= seq) return false;
    this.members = this.members.map((other) => (other === member ? { ...member, last_read_seq: seq } : other));
    return true;
  }

  #followPresence({ frame, user, status, last_seen_at: lastSeenAt }) {
    if (frame !== "presence" || !this.members.some(({ user_id: id }) => id === user.id)) return false;
    const before = this.presence.get(user.id);
    if (status !== "online" && before?.status === status && before.last_seen_at === lastSeenAt) return false;
    const devices = status === "online" ? (before?.devices ?? []) : [];
    this.presence = new Map(this.presence).set(user.id, { status, devices, last_seen_at: lastSeenAt });
    return true;
  }

  #forget(id) {
    if (this.presence.has(id)) this.presence = new Map([...this.presence].filter(([other]) => other !== id));
  }

  #followTyping({ user, is_typing: isTyping }) {
    if (user.id === this.#client.user?.id) return;
    if (!isTyping) return this.#stop(user.id);
    clearTimeout(this.#timers.get(user.id));
    this.#timers.set(user.id, setTimeout(() => this.#stop(user.id), TYPING_MS));
    if (this.typing.some(({ id }) => id === user.id)) return;
    this.typing = [...this.typing, user];
    this.#on("typing");
  }

  #stop(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    if (!this.typing.some((user) => user.id === id)) return;
    this.typing = this.typing.filter((user) => user.id !== id);
    this.#on("typing");
  }

  #stopAll() {
    for (const { id } of this.typing) this.#stop(id);
  }
}
