// Conversation: one room: the messages of a part of its history, those on their way, and its members.

import { Follower } from "./follower.js";
import { History, MAX_MESSAGES } from "./history.js";
import { Outbox } from "./outbox.js";
import { People } from "./people.js";

const LIMIT = 50;
const PAGE = 100;

/** A part that is fetched again is replaced by the newest page if more messages were missed. */
const MAX_MISSED = 300;

export class Conversation extends EventTarget {
  room = null;
  messages = [];
  isLoaded = false;
  problem = null;
  /** Why the user is no longer a member: `left`, `removed`, `banned` or `deleted`; null while they are. */
  leftReason = null;

  #client;
  #id;
  #limit;
  #follower;
  #people;
  #history = new History();
  #outbox = new Outbox();
  #newest = 0; // the newest seq of the room that is known
  #reading = 0; // the seq of the read mark on its way
  #around = undefined; // the seq that the page has asked for
  #turn = 0; // a load invalidates earlier fetches
  #loading = null; // the fetch of older or newer messages under way

  constructor(client, roomId, { limit = LIMIT } = {}) {
    super();
    this.#client = client;
    this.#id = roomId;
    this.#limit = limit;
    this.#people = new People(client, roomId, (name) => this.#tell(name));
    this.#follower = new Follower(client, {
      frame: (frame) => this.#take(frame),
      refresh: () => this.#refresh(),
      forget: () => this.#forget(),
    });
  }

  get members() {
    return this.#people.members;
  }

  get presence() {
    return this.#people.presence;
  }

  get typing() {
    return this.#people.typing;
  }

  get readMarks() {
    return this.#people.readMarks;
  }

  get hasOlder() {
    return this.#history.hasOlder;
  }

  get hasNewer() {
    return (this.#history.last ?? 0) < this.#newest;
  }

  async load({ around } = {}) {
    this.#around = around;
    const isWhole = await this.#load((room) => this.#part(around, room.last_seq));
    if (!isWhole && this.problem === null) this.#follower.retry(); // the members are missing
  }

  async loadOlder() {
    const { first } = this.#history;
    if (!this.hasOlder || first === null) return;
    await this.#extend(async () => {
      const page = await this.#follower.fetch(() =>
        this.#client.messages(this.#id, { before: first, limit: this.#limit }),
      );
      return () => {
        if (this.#history.first !== first) return;
        this.#history.prepend(withEdits(page), page.answer.next_cursor !== null);
      };
    });
  }

  async loadNewer() {
    const { last } = this.#history;
    if (!this.hasNewer || last === null) return;
    await this.#extend(async () => {
      const page = await this.#follower.fetch(() =>
        this.#client.messages(this.#id, { after: last, limit: this.#limit }),
      );
      return () => {
        if (this.#history.last === last) this.#adopt(withEdits(page), page.answer.next_cursor === null);
        for (const frame of page.frames) this.#takeMessage(frame);
      };
    });
  }

  async send(content, fields = {}) {
    const { id, name, avatar } = this.#client.user ?? { id: "", name: "", avatar: null };
    const message = {
      ...fields,
      ...(fields.reply_to !== undefined && { reply_to: this.#replyTo(fields.reply_to) }),
      id: null,
      client_id: fields.client_id ?? crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
      room_id: this.#id,
      seq: null,
      sender: { id, username: name, avatar },
      kind: fields.kind ?? "text",
      content,
      created_at: new Date().toISOString(),
      status: "sending",
    };
    this.#outbox.add({ ...message, fields });
    this.#show();
    return this.#send(message.client_id);
  }

  async resend(message) {
    if (this.#outbox.change(message.client_id, { status: "sending", problem: undefined }) === null) return message;
    this.#show();
    return this.#send(message.client_id);
  }

  discard(message) {
    this.#outbox.remove(message.client_id);
    this.#show();
  }

  async edit(message, content) {
    this.#update(await this.#client.edit(this.#id, message.id, content));
  }

  async remove(message) {
    await this.#client.remove(this.#id, message.id);
    const known = this.#history.messages.find(({ id }) => id === message.id);
    if (known === undefined || known.deleted_at !== undefined) return;
    this.#update({ ...known, content: "", data: undefined, mentions: undefined, deleted_at: new Date().toISOString() });
  }

  async markRead() {
    const { last } = this.#history;
    const read = Math.max(this.room?.last_read_seq ?? Infinity, this.#reading);
    if (last === null || last <= read || this.leftReason !== null) return;
    this.#reading = last;
    try {
      const { last_read_seq: seq, unread } = await this.#client.markRoomRead(this.#id, last);
      if (seq > (this.room?.last_read_seq ?? Infinity)) this.#change({ last_read_seq: seq, unread });
    } catch {
      this.#reading = 0; // the next call tries again
    }
  }

  setTyping(isTyping) {
    if (this.leftReason === null) this.#client.typing(this.#id, isTyping).catch(() => {}); // nothing depends on it
  }

  close() {
    this.#turn += 1;
    this.#follower.close();
    this.#people.close();
  }

  // ---- Fetch

  #forget() {
    this.#turn += 1;
    this.#newest = this.#reading = 0;
    this.#history.replace([], false);
    this.#outbox.clear();
    this.#people.clear();
    Object.assign(this, { room: null, isLoaded: false, problem: null, leftReason: null });
    this.#show();
  }

  /** Fetch room, messages and members; return whether that worked. part: returns messages, given the room. */
  async #load(part) {
    const turn = (this.#turn += 1);
    try {
      const { answer, frames } = await this.#follower.fetch(
        async () => {
          const room = await this.#client.room(this.#id);
          return { room, part: room.role === null ? { messages: [], hasOlder: false } : await part(room) };
        },
        { isWhole: true },
      );
      if (turn !== this.#turn) return true;
      this.room = answer.room;
      if (answer.room.role !== null) this.leftReason = null;
      this.#newest = Math.max(answer.room.last_seq, answer.part.messages.at(-1)?.seq ?? 0);
      this.#history.replace(answer.part.messages, answer.part.hasOlder);
      this.#settle(answer.part.messages);
      this.isLoaded = true;
      this.problem = null;
      for (const frame of frames) this.#apply(frame);
      this.#show();
      return answer.room.role === null || (await this.#loadPeople());
    } catch (problem) {
      if (turn !== this.#turn) return true;
      this.problem = problem;
      const isGone = problem.status === 403 || problem.status === 404;
      if (isGone && this.isLoaded && this.leftReason === null) this.#leave({ reason: "removed" });
      this.#show();
      return isGone;
    }
  }

  /** Return whether that worked, or never will. */
  async #loadPeople() {
    try {
      await this.#people.load((request) => this.#follower.fetch(request));
      return true;
    } catch (problem) {
      return problem.status === 403 || problem.status === 404;
    }
  }

  async #reloadPeople() {
    if (!(await this.#loadPeople())) this.#follower.retry();
  }

  /** Return the newest messages, or those around a seq: `{messages, hasOlder}`. */
  async #part(around, newest) {
    const isAround = around !== undefined && around <= newest;
    const options = { limit: this.#limit, ...(isAround && { around }) };
    const { items, next_cursor: cursor } = await this.#client.messages(this.#id, options);
    return { messages: items, hasOlder: cursor !== null };
  }

  /** Fetch what is shown again, and what was missed. */
  #refresh() {
    const { first, last } = this.#history;
    if (!this.isLoaded || first === null) return this.#load((room) => this.#part(this.#around, room.last_seq));
    return this.#load(async ({ last_seq: newest }) => {
      const isAtEnd = !this.hasNewer;
      if (newest < first || (isAtEnd && newest - last > MAX_MISSED)) return this.#part();
      const messages = [];
      const end = isAtEnd ? Infinity : last;
      let isMore = true;
      while (isMore && (messages.at(-1)?.seq ?? first - 1) < end) {
        const after = messages.at(-1)?.seq ?? first - 1;
        const page = await this.#client.messages(this.#id, { after, limit: PAGE });
        messages.push(...page.items);
        isMore = page.next_cursor !== null && page.items.length > 0;
      }
      if (messages.length === 0 || messages[0].seq !== first) return this.#part();
      const isLong = messages.length > MAX_MESSAGES;
      return { messages: messages.slice(-MAX_MESSAGES), hasOlder: this.hasOlder || isLong };
    });
  }

  /** Fetch older or newer messages, one fetch at a time. */
  async #extend(fetch) {
    if (this.#loading !== null) return this.#loading;
    const turn = this.#turn;
    this.#loading = (async () => {
      try {
        const apply = await fetch();
        if (turn !== this.#turn) return;
        apply();
        this.problem = null;
      } catch (problem) {
        if (turn === this.#turn) this.problem = problem;
      } finally {
        this.#loading = null;
      }
      if (turn === this.#turn) this.#show();
    })();
    return this.#loading;
  }

  // ---- Frames

  #take(frame) {
    if (!this.isLoaded) {
      if (frame.frame === "joined" && frame.data.room_id === this.#id) this.#follower.plan();
      return;
    }
    const { room } = this;
    const { messages } = this.#history;
    const newest = this.#newest;
    this.#apply(frame);
    if (this.#people.take(frame)) this.#reloadPeople();
    if (frame.frame === "ready" && frame.recovered) this.#reloadPeople(); // events of presence may be lost
    if (room !== this.room || messages !== this.#history.messages || newest !== this.#newest) this.#show();
  }

  #apply(frame) {
    const { data } = frame;
    if (frame.frame === "joined" && data.room_id === this.#id) return this.#follower.plan();
    if (frame.frame === "left" && data.room_id === this.#id) return this.#leave(data);
    if ((frame.room?.id ?? data?.room_id) === this.#id) this.#applyOwn(frame);
    const unread = frame.unread?.rooms;
    if (unread !== undefined) this.#change({ unread: Object.hasOwn(unread, this.#id) ? unread[this.#id] : 0 });
    return undefined;
  }

  #applyOwn(frame) {
    const { data, room } = frame;
    if (room !== undefined) this.#change({ unread: room.unread });
    const self = this.#client.user?.id;
    if (frame.frame === "message" && room !== undefined) {
      if (data.sender.id === self && data.seq > this.room.last_read_seq) this.#change({ last_read_seq: data.seq });
      this.#takeMessage(frame);
    } else if (frame.frame === "message_edited" || frame.frame === "message_deleted") {
      this.#history.update(data);
    } else if (frame.frame === "read" && data.user_id === self && data.up_to > this.room.last_read_seq) {
      this.#change({ last_read_seq: data.up_to });
    } else if (frame.frame === "room") {
      this.#change({ title: data.title });
    } else if (frame.frame === "member") {
      const own = data.members.find(({ user_id: id, role }) => id === self && role !== null);
      this.#change({ members_count: data.members_count, ...(own && { role: own.role }) });
    }
  }

  #takeMessage({ frame, room, data }) {
    if (frame !== "message" || room?.id !== this.#id) return;
    const isAtEnd = !this.hasNewer;
    this.#newest = Math.max(this.#newest, data.seq);
    this.#settle([data]);
    // A hole: a frame was withheld, as for a block, or the frames before it have not come.
    if (isAtEnd && !this.#history.add(data)) this.#follower.plan();
    else if (!isAtEnd && data.seq <= this.#history.last) this.#history.add(data);
  }

  #leave({ reason }) {
    this.leftReason = reason;
    this.#change({ role: null });
    this.#show();
    this.#tell("left", { reason });
  }

  #change(fields) {
    if (Object.entries(fields).every(([name, value]) => this.room[name] === value)) return;
    this.room = { ...this.room, ...fields };
  }

  /** Take over the messages after the last one. */
  #adopt(messages, isEnd) {
    this.#history.append(messages);
    this.#settle(messages);
    if (isEnd) this.#newest = Math.max(this.#history.last ?? 0, 0);
  }

  #update(message) {
    this.#history.update(message);
    this.#show();
  }

  // ---- Send

  /** Return a reply's reference as messages have it. reply: an id or a seq. */
  #replyTo(reply) {
    const known = this.#history.messages.find(({ id, seq }) => id === reply || seq === reply);
    return known === undefined ? { id: null, seq: null } : { id: known.id, seq: known.seq };
  }

  async #send(clientId) {
    const { content, fields } = this.#outbox.messages.find((message) => message.client_id === clientId);
    try {
      const { id, seq } = await this.#client.send(this.#id, { ...fields, content, client_id: clientId });
      return this.#sent(clientId, id, seq);
    } catch (problem) {
      const failed = this.#outbox.change(clientId, { status: "failed", problem });
      if (failed === null) return this.#ownSent(clientId); // its frame has come: only the response was lost
      this.#show();
      return failed;
    }
  }

  /** The response says where the message is; its frame, before or after, says the rest. */
  #sent(clientId, id, seq) {
    const sent = this.#outbox.change(clientId, { id, seq, status: "sent" });
    if (sent === null) return this.#ownSent(clientId);
    const { fields: _, ...message } = sent;
    if (this.hasNewer) {
      this.#newest = Math.max(this.#newest, seq);
      this.#outbox.remove(clientId);
    } else if (seq === (this.#history.last ?? 0) + 1) {
      this.#newest = Math.max(this.#newest, seq);
      this.#history.add({ ...message, isProvisional: true });
      this.#outbox.remove(clientId);
    } // else it stays with those on their way until the messages before it have come
    if (seq > (this.room?.last_read_seq ?? Infinity)) this.#change({ last_read_seq: seq });
    this.#show();
    return message;
  }

  #ownSent(clientId) {
    return this.messages.find((message) => message.client_id === clientId) ?? null;
  }

  /** Remove those that the history has from those on their way. */
  #settle(messages) {
    const self = this.#client.user?.id;
    for (const { client_id: clientId, sender } of messages) {
      if (clientId !== undefined && sender.id === self) this.#outbox.remove(clientId);
    }
  }

  // ---- Show

  #show() {
    if (this.#follower.isClosed) return;
    const sent = this.#history.messages.map((message) =>
      message.status === undefined ? { client_id: null, ...message, status: "sent" } : message,
    );
    const waiting = this.#outbox.messages.filter(({ seq }) => seq === null || seq > (this.#history.last ?? 0));
    this.messages = [...sent, ...waiting];
    this.#tell("change");
  }

  #tell(name, detail = null) {
    if (!this.#follower.isClosed) this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Return the messages of a page, with the edits that came while it was fetched. */
function withEdits({ answer, frames }) {
  const page = new History();
  page.replace(answer.items, false);
  for (const { frame, data } of frames) {
    if (frame === "message_edited" || frame === "message_deleted") page.update(data);
  }
  return page.messages;
}
