// History: the messages of a room from one seq to another, without a hole.

/** Messages that are kept: of more, those at the other end are dropped. */
export const MAX_MESSAGES = 300;

const isNewer = (message, known) =>
  known.isProvisional || message.deleted_at !== undefined || (message.edited_at ?? "") > (known.edited_at ?? "");

/** Not changed in place: each change of `messages` is a new array. */
export class History {
  /** Ascending by seq, each one more than the one before. */
  messages = [];
  /** Whether the server has older messages than the first. */
  hasOlder = false;

  get first() {
    return this.messages[0]?.seq ?? null;
  }

  get last() {
    return this.messages.at(-1)?.seq ?? null;
  }

  replace(messages, hasOlder) {
    this.messages = messages;
    this.hasOlder = hasOlder;
  }

  /** Add a message that is known or the next one. Return whether there is now no hole before it. */
  add(message) {
    const { first, last } = this;
    if (last === null || message.seq === last + 1) {
      this.#push([message]);
      return true;
    }
    if (message.seq > last) return false;
    if (message.seq >= first) this.update(message);
    return true;
  }

  /** Take over a newer version of a message. */
  update(message) {
    const index = message.seq - this.first;
    const known = this.messages[index];
    if (known === undefined || known.seq !== message.seq || !isNewer(message, known)) return;
    this.messages = this.messages.with(index, message);
  }

  /** Take over a page that ends before the first message. */
  prepend(page, hasOlder) {
    const older = page.filter(({ seq }) => this.first === null || seq < this.first);
    this.messages = [...older, ...this.messages].slice(0, MAX_MESSAGES);
    this.hasOlder = hasOlder;
  }

  /** Take over a page that begins after the last message. */
  append(page) {
    this.#push(page.filter(({ seq }) => this.last === null || seq > this.last));
  }

  #push(messages) {
    const all = [...this.messages, ...messages];
    if (all.length > MAX_MESSAGES) this.hasOlder = true;
    this.messages = all.slice(-MAX_MESSAGES);
  }
}
