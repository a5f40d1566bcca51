// Reading: what the user has read, and where the new messages begin.

export class Reading {
  #history;
  #actions;
  #isInView = false;
  #newest = 0; // the seq of the newest message that arrived
  #readTo = 0; // the seq up to which the user has seen messages here
  /** The seq of the last message before the line of the new ones; null without a line. */
  unreadAfter = null;

  /** actions: `canRead()`, `read()` reports to the server, `changed()` asks to draw again. signal ends it. */
  constructor(history, signal, actions) {
    this.#history = history;
    this.#actions = actions;
    const observer = new IntersectionObserver((entries) => {
      this.#isInView = entries.at(-1).isIntersecting;
      this.check();
    });
    observer.observe(history.element);
    signal.addEventListener("abort", () => observer.disconnect());
    window.addEventListener("focus", () => this.check(), { signal });
    document.addEventListener("visibilitychange", () => this.check(), { signal });
  }

  /** lastReadSeq: of the user in the room; null if they are no member. */
  start(lastReadSeq) {
    this.#readTo = lastReadSeq ?? 0;
    this.#newest = 0;
    this.unreadAfter = lastReadSeq;
  }

  /** Look at the messages: if new ones came while the user did not read, and all before were read, they begin here. */
  arrived(messages) {
    const newest = Math.max(0, ...messages.map(({ seq }) => seq ?? 0));
    if (this.#newest > 0 && newest > this.#newest && !this.#isReading && this.#readTo >= this.#newest) {
      this.unreadAfter = this.#newest;
    }
    this.#newest = Math.max(this.#newest, newest);
  }

  /** Take the line away: the user has answered. */
  clear() {
    this.unreadAfter = null;
  }

  /** Report that all is read if the user sees the newest message. */
  check() {
    if (!this.#isReading || !this.#actions.canRead()) return;
    this.#readTo = this.#newest;
    this.#actions.read();
  }

  get #isReading() {
    return this.#isInView && this.#history.isAtEnd && document.visibilityState === "visible" && document.hasFocus();
  }
}
