// View: one conversation: what the parts show, and what the user does with them.

import { ask } from "./lumen-chat-dialog.js";
import { Header } from "./lumen-chat-header.js";
import { History } from "./lumen-chat-history.js";
import { Input } from "./lumen-chat-input.js";
import { Names } from "./lumen-chat-names.js";
import { People } from "./lumen-chat-people.js";
import { Reading } from "./lumen-chat-reading.js";
import { emptyState, joinOf, noticeOf, stateBar, typingText } from "./lumen-chat-states.js";
import { Conversation } from "./lumen-store.js";
import { make } from "./lumen-theme.js";

const HIDDEN_DRAW_MS = 100;
const SAID_MS = 8_000;
const REFRESH_MS = 60_000; // "Last seen 2 minutes ago" goes on
const MEMBERS_MS = 5_000; // how long a mention waits for them

export class View {
  #host;
  #client;
  #id;
  #conversation = null;
  #openedAt = Date.now();
  #names = new Names();
  #originals = new Map(); // seq -> message, or null as long as it is fetched
  #context;
  #history;
  #input;
  #header;
  #people;
  #reading;
  #loading = new Map(); // direction -> promise
  #failed = false; // whether the last request for more messages failed
  #isLost = false; // whether the connection was lost and is not back
  #isPlaced = false;
  #wantedSeq = null;
  #isDrawPlanned = false;
  #ended = new AbortController();
  #saidTimer = 0;
  #refreshTimer = 0;
  #bar = make("div", { class: "bar", part: "state", role: "status", hidden: true });
  #said = make("div", { class: "bar said", role: "alert", hidden: true });
  #cover = make("div", { class: "cover", part: "empty", hidden: true });
  #typing = make("div", { class: "typing", part: "typing", "aria-live": "polite" });
  #main = make("div", { class: "main" });
  element = make("section", { class: "chat", part: "chat" });

  /** seq: of the message to show; null for the first unread one. */
  constructor({ host, client, room, t, language, seq }) {
    this.#host = host;
    this.#client = client;
    this.#id = room;
    this.#context = {
      t,
      language,
      names: this.#names,
      get self() {
        return client.user ?? { id: "", name: "", avatar: null };
      },
      permissions: (message) => this.#permissions(message),
      people: () => this.#mentionable,
    };
    this.#history = new History(this.#context, {
      openUser: (user) => this.#emit("user-click", { id: user.id, username: user.username }),
      resend: (message) => this.#conversation.resend(message),
      discard: (message) => this.#conversation.discard(message),
      reply: (message) => this.#input.reply(message),
      edit: (message) => this.#input.edit(message),
      remove: (message) => this.#remove(message),
      link: (message) => this.#copyLink(message),
      loadOlder: () => this.#loadMore("older", () => this.#conversation.loadOlder()),
      loadNewer: () => this.#loadMore("newer", () => this.#conversation.loadNewer()),
      loadNewest: () => this.#reload({}),
      loadAround: (around) => this.#reload({ around }),
      findOriginal: (message) => this.#findOriginal(message),
      typeHere: () => this.#input.focus(),
      moved: () => this.#reading.check(),
    });
    this.#input = new Input(this.#context, {
      send: (content, fields) => this.#send(content, fields),
      edit: (message, content) => this.#conversation.edit(message, content),
      typing: (isTyping) => this.#conversation.setTyping(isTyping),
      canSend: (content) => this.#canSend(content),
      editLast: () => this.#editLast(),
      focusHistory: () => this.#history.focusLast(),
    });
    this.#header = new Header(this.#context, { togglePeople: () => this.#togglePeople() });
    this.#people = new People(this.#context, {
      openUser: (user) => this.#emit("user-click", { id: user.id, username: user.username }),
      leave: () => this.#leave(),
      close: () => this.#togglePeople(false),
    });
    this.#people.element.hidden = true;
    this.#reading = new Reading(this.#history, this.#ended.signal, {
      canRead: () => this.#isPlaced && this.#conversation.room?.role != null,
      read: () => this.#conversation.markRead(),
      changed: () => this.#plan(),
    });
    this.#main.append(this.#bar, this.#history.element, this.#cover, this.#said, this.#typing, this.#input.element);
    this.element.append(this.#header.element, make("div", { class: "columns" }, this.#main, this.#people.element));
    if (room === null) this.#drawCover(emptyState("no_room", this.#context));
    else this.#open(seq);
  }

  focusInput() {
    this.#input.focus();
  }

  async jumpTo(seq) {
    if (this.#isPlaced) await this.#history.jumpTo(seq);
  }

  close() {
    this.#ended.abort();
    clearInterval(this.#refreshTimer);
    clearTimeout(this.#saidTimer);
    this.#conversation?.close();
  }

  async #open(seq) {
    this.#conversation = new Conversation(this.#client, this.#id);
    const { signal } = this.#ended;
    for (const name of ["change", "typing", "presence", "members"]) {
      this.#conversation.addEventListener(name, () => this.#plan(), { signal });
    }
    this.#conversation.addEventListener("left", (event) => this.#onLeft(event), { signal });
    this.#client.addEventListener("state", () => this.#onState(), { signal });
    this.#onState();
    this.#refreshTimer = setInterval(() => this.#plan(), REFRESH_MS);
    this.#drawCover(emptyState("loading", this.#context));
    await this.#load(seq);
  }

  /** seq: of the message to show; null for the first unread one. */
  async #load(seq) {
    this.#wantedSeq = seq;
    this.#isPlaced = false;
    this.#history.reset();
    await settled(this.#conversation.load(seq === null ? {} : { around: seq }));
    this.#draw();
  }

  /** Choose the first place, once the messages are there. */
  #place() {
    this.#isPlaced = true;
    this.#reading.start(this.#conversation.room.last_read_seq);
    this.#showHistory();
    this.#history.place({ seq: this.#wantedSeq });
  }

  /** Load another part of the conversation. */
  async #reload(where) {
    await settled(this.#conversation.load(where));
    this.#draw();
  }

  /** Load more in a direction, once at a time. After a failure the user, or the next connection, tries again. */
  #loadMore(direction, load) {
    if (this.#loading.has(direction) || this.#failed) return;
    const loading = settled(load()).then((isDone) => {
      this.#loading.delete(direction);
      this.#failed = !isDone || this.#conversation.problem !== null;
      this.#draw();
    });
    this.#loading.set(direction, loading);
  }

  #retry() {
    this.#failed = false;
    if (this.#isPlaced) this.#draw();
    else this.#load(null);
  }

  #plan() {
    if (this.#isDrawPlanned) return;
    this.#isDrawPlanned = true;
    const draw = () => {
      this.#isDrawPlanned = false;
      this.#draw();
    };
    if (document.hidden) setTimeout(draw, HIDDEN_DRAW_MS);
    else requestAnimationFrame(draw);
  }

  #showHistory() {
    this.#history.show(this.#conversation, { unreadAfter: this.#reading.unreadAfter });
  }

  #draw() {
    if (this.#ended.signal.aborted) return;
    const conversation = this.#conversation;
    const { messages, room } = conversation;
    this.#names.learn(conversation, this.#client.user);
    this.#reading.arrived(messages);
    this.#header.show(conversation);
    if (room !== null) this.element.ariaLabel = this.#header.title;
    if (!this.#people.element.hidden) this.#people.show(conversation);
    const state = this.#stateName;
    const cover = { name: this.#header.title, retry: () => this.#retry(), join: () => this.#join() };
    this.#drawCover(emptyState(state, this.#context, cover));
    this.#input.element.hidden = ["join", "not_found", "problem", "deleted"].includes(state);
    if (this.#isPlaced || !conversation.isLoaded || room.role === null) this.#showHistory();
    else this.#place();
    this.#typing.textContent = typingText(conversation.typing, this.#context);
    this.#input.label(room === null ? "" : this.#header.title);
    this.#drawNotice();
    this.#input.ready();
    this.#drawBar();
    const byId = new Map(messages.map((message) => [message.id, message]));
    this.#input.forget(({ id }) => byId.get(id)?.deleted_at === undefined);
    this.#reading.check();
  }

  get #stateName() {
    const { isLoaded, problem, room, messages } = this.#conversation;
    if (this.#conversation.leftReason === "deleted") return "deleted";
    if (messages.length > 0) return null;
    if (joinOf(this.#conversation) !== null) return "join";
    if (problem !== null && !isLoaded)
      return problem.status === 404 || problem.status === 403 ? "not_found" : "problem";
    if (!isLoaded) return "loading";
    return room?.kind === "direct" ? "empty_direct" : "empty";
  }

  #drawCover(content) {
    this.#cover.hidden = content === null;
    const name = content?.dataset.state ?? "";
    this.#history.element.hidden = content !== null;
    if (this.#cover.dataset.state === name && this.#cover.textContent === (content?.textContent ?? "")) return;
    this.#cover.dataset.state = name;
    this.#cover.replaceChildren(...(content === null ? [] : [content]));
  }

  #drawNotice() {
    const { t } = this.#context;
    const join = { label: t("chat_join"), action: () => this.#join() };
    const reason = noticeOf(this.#conversation, this.#context);
    const canJoin = joinOf(this.#conversation) !== null && this.#conversation.leftReason !== "banned";
    this.#input.notice(reason, canJoin ? join : null);
  }

  #drawBar() {
    const bar = stateBar(this.#client, { isLost: this.#isLost, hasFailed: this.#failed }, this.#context, () => {
      this.#failed = false;
      if (this.#client.state !== "open") this.#client.reconnect();
      this.#draw();
    });
    const drawn = bar?.text ?? "";
    this.#bar.hidden = bar === null;
    if (this.#bar.dataset.drawn === drawn) return;
    this.#bar.dataset.drawn = drawn;
    this.#bar.setAttribute("part", bar === null ? "state" : `state ${bar.part}`);
    this.#bar.replaceChildren(...(bar === null ? [] : bar.children));
  }

  #onState() {
    const { state } = this.#client;
    if (state === "open") this.#failed = this.#isLost = false;
    else if (state !== "connecting") this.#isLost = state === "waiting";
    this.element.dataset.state = this.#client.state;
    if (this.#conversation.isLoaded) this.#plan();
    else this.#drawBar();
  }

  #onLeft({ detail }) {
    this.#draw();
    this.#emit("room-left", { room: this.#id, reason: detail.reason });
  }

  /** The members say whom a text mentions; a text goes without them if they cannot be had. */
  #canSend(content) {
    if (!this.#conversation?.isLoaded) return false;
    const { members } = this.#conversation;
    return members.length > 0 || !content.includes("@") || Date.now() - this.#openedAt > MEMBERS_MS;
  }

  #send(content, fields) {
    if (this.#conversation.hasNewer) this.#reload({}).then(() => this.#history.toEnd());
    this.#reading.clear();
    this.#conversation.send(content, fields);
    this.#draw();
    this.#history.toEnd();
  }

  #editLast() {
    const own = this.#conversation.messages.findLast((message) => this.#permissions(message).has("edit"));
    if (own !== undefined) this.#input.edit(own);
    return own !== undefined;
  }

  async #remove(message) {
    const { t } = this.#context;
    if (!(await ask(this.element, { text: t("chat_delete_question"), yes: t("chat_delete"), no: t("chat_cancel") })))
      return;
    await this.#try(() => this.#conversation.remove(message), "chat_not_deleted");
  }

  async #leave() {
    const { t } = this.#context;
    const text = t("chat_leave_question", { name: this.#header.title });
    if (await ask(this.element, { text, yes: t("chat_leave"), no: t("chat_cancel") })) {
      await this.#try(() => this.#client.leave(this.#id), "chat_not_left");
    }
  }

  async #join() {
    await this.#try(async () => {
      await this.#client.join(this.#id);
      await this.#load(null);
    }, "chat_not_joined");
    this.#input.focus();
  }

  /** Copy the link to a message, unless the page does it: a handler of `message-link` that cancels the event. */
  async #copyLink({ seq }) {
    if (!this.#emit("message-link", { room: this.#id, seq })) return;
    const link = new URL(`#lumen-chat/${encodeURIComponent(this.#id)}/${seq}`, location.href).href;
    const { t } = this.#context;
    try {
      await navigator.clipboard.writeText(link);
      this.#say(t("chat_link_copied"));
    } catch {
      this.#say(link);
    }
  }

  async #try(action, key) {
    try {
      await action();
    } catch (problem) {
      this.#say(this.#context.t(key, { reason: problem.message }));
    }
  }

  #say(text) {
    clearTimeout(this.#saidTimer);
    this.#said.textContent = text;
    this.#said.hidden = false;
    this.#saidTimer = setTimeout(() => {
      this.#said.hidden = true;
    }, SAID_MS);
  }

  #togglePeople(isOpen = this.#people.element.hidden) {
    this.#people.element.hidden = !isOpen;
    this.#header.setOpen(isOpen);
    if (!isOpen) return this.#header.focus();
    this.#people.show(this.#conversation);
    this.#people.focus();
  }

  /** Return what the user may do with a message: `reply`, `link`, `edit`, `remove`. */
  #permissions(message) {
    const allowed = new Set();
    if (message.seq === null || message.deleted_at) return allowed;
    allowed.add("link");
    if (noticeOf(this.#conversation, this.#context) !== null) return allowed;
    allowed.add("reply");
    const isOwn = message.sender.id === this.#context.self.id;
    if (isOwn && message.kind === "text") allowed.add("edit");
    if (isOwn || ["owner", "moderator"].includes(this.#conversation.room.role)) allowed.add("remove");
    return allowed;
  }

  get #mentionable() {
    const { members, room } = this.#conversation;
    if (room?.kind === "direct") return [];
    return members.map(({ user_id: id }) => this.#names.of(id)).filter(({ id }) => id !== this.#context.self.id);
  }

  /** Return the message that one replies to and that is not in the list; null until it is fetched. */
  #findOriginal({ reply_to: { id, seq } }) {
    if (!this.#originals.has(seq)) {
      this.#originals.set(seq, null);
      const path = `rooms/${encodeURIComponent(this.#id)}/messages/${encodeURIComponent(id)}`;
      this.#client.request("GET", path).then(
        (message) => {
          this.#originals.set(seq, message);
          this.#plan();
        },
        () => {},
      );
    }
    return this.#originals.get(seq);
  }

  /** Return whether nobody has cancelled the event. */
  #emit(name, detail) {
    return this.#host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }
}

/** Resolve with whether a promise is fulfilled. */
function settled(promise) {
  return promise.then(
    () => true,
    () => false,
  );
}
