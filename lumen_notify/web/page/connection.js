// Connection: a strip below the bar that says what is wrong with the connection, and connects now. Hidden while all is well.

import { make } from "../client/lumen-theme.js";

/** How long the page may take to connect until it says so. */
const PATIENCE_MS = 3000;

const CLOSED = new Set(["replaced", "unreachable", "forbidden"]);

export class Connection {
  element;
  #t;
  #client;
  #text = make("span", { role: "status" });
  #countdown = make("span", { "aria-hidden": "true", class: "countdown" });
  #retry;
  #timer = null;
  #patience = null;

  constructor(t, client) {
    this.#t = t;
    this.#client = client;
    this.#retry = make("button", { type: "button", class: "link", onclick: () => client.reconnect() }, t("page_connect_now"));
    this.element = make("div", { class: "strip", hidden: true }, this.#text, this.#countdown, this.#retry);
    client.addEventListener("state", () => this.#change());
    this.#change();
  }

  stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
  }

  #change() {
    const { state, reason } = this.#client;
    clearInterval(this.#timer);
    if (state === "open") {
      this.stop();
      this.#patience = null;
      this.element.hidden = true;
    } else if (state === "connecting" && this.element.hidden) {
      this.#patience ??= setTimeout(() => this.#show(this.#t("page_connecting")), PATIENCE_MS);
    } else if (state === "waiting") {
      this.#show(this.#t("page_reconnecting"));
      this.#timer = setInterval(() => this.#count(), 1000);
      this.#count();
    } else if (state === "closed" && reason !== "stopped") {
      this.#show(this.#t(CLOSED.has(reason) ? `page_closed_${reason}` : "page_closed"));
    }
    this.#retry.hidden = state !== "waiting" && state !== "closed";
    if (state !== "waiting") this.#countdown.textContent = "";
  }

  #show(text) {
    clearTimeout(this.#patience);
    this.element.hidden = false;
    if (this.#text.textContent !== text) this.#text.textContent = text; // announce once, not at every attempt
  }

  #count() {
    const seconds = Math.ceil(((this.#client.nextAttemptAt ?? 0) - Date.now()) / 1000);
    this.#countdown.textContent = seconds > 0 ? this.#t("page_next_attempt", { count: seconds }) : "";
  }
}
