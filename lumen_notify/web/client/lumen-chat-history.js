// History: the messages as rows. It keeps its place while messages come and go above and below.

import { Row, keyOf, previewOf, repliedSeq } from "./lumen-chat-row.js";
import { Scroll } from "./lumen-chat-scroll.js";
import { Toolbar } from "./lumen-chat-toolbar.js";
import { avatar, icon, make } from "./lumen-theme.js";

/** A sender's messages within this time stand together. */
const GROUP_MS = 5 * 60_000;
const MAX_READERS = 5;
const HIGHLIGHT_MS = 2_500;

export class History {
  #context;
  #actions;
  #rows = new Map(); // key -> Row
  #marks = new Map(); // key -> element that is no message
  #scroll;
  #toolbar;
  #active = null;
  #newest = 0; // the greatest seq shown so far
  #newCount = 0;
  #conversation = null;
  #isShown = false;
  #list = make("div", { class: "list", role: "log", "aria-live": "off", part: "messages" });
  #live = make("div", { class: "unseen", "aria-live": "polite" });
  #jump = make("button", {
    class: "jump",
    part: "jump",
    type: "button",
    hidden: true,
    onclick: () => this.#toNewest(),
  });
  #earlier = make("button", { class: "earlier", part: "earlier", type: "button", hidden: true });
  element;

  /**
   * context: as for Row. actions: those of Row and Toolbar, `loadOlder()`, `loadNewer()`, `loadNewest()`,
   * `loadAround(seq)`, `findOriginal(seq)`, `typeHere()` and `moved()`, called when the place or the end in view changes.
   */
  constructor(context, actions) {
    this.#context = context;
    this.#actions = { ...actions, jump: (seq) => this.jumpTo(seq) };
    const scroller = make("div", { class: "scroller" }, this.#list);
    this.#scroll = new Scroll(scroller, this.#list, () => this.#moved());
    this.#toolbar = new Toolbar(context, this.#actions);
    this.#list.setAttribute("aria-label", context.t("chat_messages"));
    this.element = make("div", { class: "history" }, scroller, this.#earlier, this.#jump, this.#live);
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("focusin", (event) => this.#activate(this.#rowOf(event.target), true));
    this.#list.addEventListener("pointerover", (event) => {
      if (!this.#toolbar.hasFocus) this.#toolbar.show(this.#rowOf(event.target));
    });
    this.#list.addEventListener("pointerleave", () => {
      if (!this.#toolbar.hasFocus) this.#toolbar.show(this.#list.contains(this.#focused) ? this.#active : null);
    });
  }

  get #focused() {
    return this.element.getRootNode().activeElement;
  }

  /** Whether the newest message is in view. */
  get isAtEnd() {
    return this.#scroll.isAtEnd && !(this.#conversation?.hasNewer ?? true);
  }

  /** Show the conversation. unreadAfter: the seq of the last message that is not new to the user; null: none is new. */
  show(conversation, { unreadAfter }) {
    this.#conversation = conversation;
    const { messages } = conversation;
    const hadFocus = this.#list.contains(this.#focused) ? this.#active : null;
    const hadInside = this.#focused !== hadFocus?.element;
    this.#scroll.keep(() => this.#draw(messages, unreadAfter), !conversation.hasNewer);
    if (hadFocus !== null && !this.#list.contains(this.#focused)) {
      if (hadFocus.element.isConnected) (hadInside ? this.#toolbar : hadFocus.element).focus({ preventScroll: true });
      else this.#actions.typeHere();
    }
    this.#count(messages);
    this.#drawButtons(messages, unreadAfter);
    if (this.#isShown) this.#loadMore();
  }

  /** Forget the place: the next `place` chooses one. */
  reset() {
    this.#isShown = false;
    this.#newest = 0;
    this.#newCount = 0;
  }

  /** Choose the first place: a message, else the first new one, else the end. Announce messages from now on. */
  place({ seq = null } = {}) {
    this.#isShown = true;
    const first = this.#marks.get("new");
    if (seq !== null && this.#reveal(seq)) return;
    if (first?.isConnected) this.#scroll.to(first, 0.2);
    else this.#scroll.toEnd();
    this.#moved();
  }

  /** Scroll to a message, and load what is around it if needed. */
  async jumpTo(seq) {
    if (this.#reveal(seq)) return;
    await this.#actions.loadAround(seq);
    this.#reveal(seq);
  }

  async #toNewest() {
    if (this.#conversation.hasNewer) await this.#actions.loadNewest();
    this.#scroll.toEnd();
    this.#moved();
    this.#actions.typeHere();
  }

  /** Scroll to the end, such as after the user has sent something. */
  toEnd() {
    this.#scroll.toEnd();
    this.#moved();
  }

  /** Focus the last message. */
  focusLast() {
    this.#last()?.element.focus();
  }

  announce(text) {
    this.#live.textContent = text;
  }

  #reveal(seq) {
    const row = [...this.#rows.values()].find(({ message }) => message.seq === seq);
    if (row === undefined) return false;
    this.#scroll.to(row.element, 0.35);
    row.element.classList.add("highlight");
    setTimeout(() => row.element.classList.remove("highlight"), HIGHLIGHT_MS);
    this.#activate(row, false);
    row.element.focus({ preventScroll: true });
    this.#moved();
    return true;
  }

  #moved() {
    if (!this.#isShown) return;
    if (this.isAtEnd) this.#newCount = 0;
    this.#drawJump();
    this.#loadMore();
    this.#actions.moved();
  }

  #loadMore() {
    const { hasOlder, hasNewer } = this.#conversation;
    if (hasOlder && this.#scroll.isNearStart) this.#actions.loadOlder();
    if (hasNewer && this.#scroll.isNearEnd) this.#actions.loadNewer();
  }

  #draw(messages, unreadAfter) {
    const wanted = this.#wanted(messages, unreadAfter);
    const staying = new Set(wanted);
    for (const element of [...this.#list.children]) if (!staying.has(element)) element.remove();
    for (const [key, row] of this.#rows) {
      if (staying.has(row.element)) continue;
      if (this.#active === row) this.#active = null;
      this.#rows.delete(key);
    }
    for (const [key, element] of this.#marks) if (!staying.has(element)) this.#marks.delete(key);
    let place = this.#list.firstElementChild;
    for (const element of wanted) {
      if (element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(element, place);
    }
    if (this.#active === null && this.#last() !== undefined) this.#activate(this.#last(), false);
    this.#toolbar.refresh();
  }

  /** Return the elements of the list, in order. */
  #wanted(messages, unreadAfter) {
    const bySeq = new Map(messages.map((message) => [message.seq, message]));
    const readers = this.#readers(messages);
    const elements = [];
    let previous = null;
    let isNewFound = false;
    for (const message of messages) {
      let isFirst = !isGrouped(previous, message);
      if (previous === null || dayOf(previous) !== dayOf(message)) {
        elements.push(this.#day(message));
        isFirst = true;
      }
      if (!isNewFound && this.#isNew(message, unreadAfter)) {
        elements.push(this.#newLine(messages, unreadAfter));
        isNewFound = true;
        isFirst = true;
      }
      elements.push(this.#row(message, isFirst, bySeq));
      if (message === readers?.message) elements.push(this.#readLine(readers.users));
      previous = message;
    }
    return elements;
  }

  #isNew(message, unreadAfter) {
    return unreadAfter !== null && message.seq > unreadAfter && message.sender.id !== this.#context.self.id;
  }

  #row(message, isFirst, bySeq) {
    const key = keyOf(message);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = new Row(this.#context, this.#actions);
      this.#rows.set(key, row);
    }
    const replied = repliedSeq(message);
    const original = replied === null ? null : (bySeq.get(replied) ?? this.#actions.findOriginal(message));
    row.show(message, { isFirst, original });
    row.setActive(row === this.#active);
    return row.element;
  }

  /** Return the element of a mark; it is made once. */
  #mark(key, make) {
    if (!this.#marks.has(key)) this.#marks.set(key, make());
    return this.#marks.get(key);
  }

  #day(message) {
    const day = dayOf(message);
    const element = this.#mark(`day ${day}`, () =>
      make("div", { class: "day", part: "day", role: "separator" }, make("span", {})),
    );
    element.firstElementChild.textContent = dayName(new Date(message.created_at), this.#context.language);
    return element;
  }

  #newLine(messages, unreadAfter) {
    const element = this.#mark("new", () =>
      make("div", { class: "new", part: "new", role: "separator" }, make("span", {})),
    );
    const count = messages.filter((message) => this.#isNew(message, unreadAfter)).length;
    element.firstElementChild.textContent = this.#context.t("chat_unread", { count });
    return element;
  }

  /** Return the newest message that others have read, and who: `{message, users}`; null if there is none. */
  #readers(messages) {
    const { readMarks, room } = this.#conversation;
    const { self } = this.#context;
    for (const message of messages.toReversed()) {
      if (message.seq === null) continue;
      if (room?.kind === "direct" && message.sender.id !== self.id) return null;
      const users = [...readMarks].filter(
        ([id, seq]) => seq >= message.seq && id !== self.id && id !== message.sender.id,
      );
      if (users.length > 0) return { message, users: users.map(([id]) => id) };
    }
    return null;
  }

  #readLine(ids) {
    const { t, names, language } = this.#context;
    const element = this.#mark("read", () => make("div", { class: "readers", part: "readers" }));
    const users = ids.map((id) => names.of(id));
    const isDirect = this.#conversation.room?.kind === "direct";
    const shown = users.slice(0, MAX_READERS);
    const list = new Intl.ListFormat(language).format([
      ...shown.map(({ username }) => username),
      ...(users.length > MAX_READERS ? [`+${users.length - MAX_READERS}`] : []),
    ]);
    const drawn = `${isDirect} ${JSON.stringify(shown)} ${users.length}`;
    if (element.dataset.drawn === drawn) return element;
    element.dataset.drawn = drawn;
    element.title = isDirect ? "" : t("chat_read_by", { names: list });
    element.replaceChildren(
      ...(isDirect
        ? [icon("check"), t("chat_seen")]
        : [
            make("span", { class: "unseen" }, element.title),
            ...shown.map(avatar),
            ...(users.length > MAX_READERS
              ? [make("span", { "aria-hidden": "true" }, `+${users.length - MAX_READERS}`)]
              : []),
          ]),
    );
    return element;
  }

  #count(messages) {
    const arrived = messages.filter(({ seq, sender }) => seq > this.#newest && sender.id !== this.#context.self.id);
    const newest = Math.max(this.#newest, ...messages.map(({ seq }) => seq ?? 0));
    if (this.#isShown && !this.#conversation.hasNewer && arrived.length > 0) {
      if (!this.#scroll.isAtEnd) this.#newCount += arrived.length;
      const { t, names } = this.#context;
      this.announce(
        arrived
          .slice(-3)
          .map((message) => `${names.of(message.sender.id).username}: ${previewOf(message, t)}`)
          .join("\n"),
      );
    }
    this.#newest = newest;
  }

  #drawButtons(messages, unreadAfter) {
    const { t } = this.#context;
    this.#drawJump();
    const first = messages.find(({ seq }) => seq !== null)?.seq ?? 0;
    const isEarlier = unreadAfter !== null && this.#conversation.hasOlder && first > unreadAfter + 1;
    this.#earlier.hidden = !isEarlier;
    if (!isEarlier) return;
    this.#earlier.replaceChildren(icon("up"), t("chat_first_unread"));
    this.#earlier.onclick = () => this.jumpTo(unreadAfter + 1);
  }

  #drawJump() {
    const { t } = this.#context;
    this.#jump.hidden = !this.#isShown || this.isAtEnd || this.#rows.size === 0;
    const label = this.#newCount > 0 ? t("chat_new_messages", { count: this.#newCount }) : t("chat_to_newest");
    this.#jump.classList.toggle("count", this.#newCount > 0);
    if (this.#jump.ariaLabel === label) return;
    this.#jump.ariaLabel = label;
    this.#jump.replaceChildren(icon("down"), ...(this.#newCount > 0 ? [label] : []));
  }

  #last() {
    const element = [...this.#list.children].findLast((child) => child.classList.contains("row"));
    return element === undefined ? undefined : this.#rowOf(element);
  }

  #rowOf(target) {
    const element = target.closest(".row");
    return [...this.#rows.values()].find((row) => row.element === element) ?? null;
  }

  /** Make a row the one that Tab reaches. */
  #activate(row, hasFocus) {
    if (row === null) return;
    if (row !== this.#active) {
      this.#active?.setActive(false);
      this.#active = row;
      row.setActive(true);
    }
    if (hasFocus) this.#toolbar.show(row);
  }

  #onKey(event) {
    const row = this.#rowOf(event.target);
    if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.#toolbar.onKey(event, row)) return;
    const rows = [...this.#list.querySelectorAll(":scope > .row")];
    const at = rows.indexOf(row.element);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === "Escape" || to === rows.length) this.#actions.typeHere();
    else if (to === undefined) return;
    else rows[Math.max(to, 0)].focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

function isGrouped(previous, message) {
  return (
    previous !== null &&
    previous.sender.id === message.sender.id &&
    previous.kind === message.kind &&
    repliedSeq(message) === null &&
    new Date(message.created_at) - new Date(previous.created_at) < GROUP_MS
  );
}

function dayOf({ created_at: at }) {
  return new Date(at).toDateString();
}

function dayName(date, language) {
  const days = Math.round((new Date().setHours(12, 0, 0, 0) - new Date(date).setHours(12, 0, 0, 0)) / 86_400_000);
  if (days === 0 || days === 1) {
    const name = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
    return name[0].toLocaleUpperCase(language) + name.slice(1);
  }
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(language, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(date);
}
