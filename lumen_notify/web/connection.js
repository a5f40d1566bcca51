// Connection: shows how the stream is, and lets people connect at once.

const WORDS = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  waiting: "Reconnecting…",
  stopped: "Disconnected",
};

const REASONS = {
  replaced: "Closed: too many tabs",
  unreachable: "Server unreachable",
};

export class Connection {
  #box = document.getElementById("state");
  #text = document.getElementById("state-text");
  #countdown = document.getElementById("state-countdown");
  #retry = document.getElementById("state-retry");
  #timer = null;

  /** onRetry: called when somebody wants to connect now. */
  constructor(onRetry) {
    this.#retry.addEventListener("click", onRetry);
  }

  /** nextTryAt: ms, where the state is `waiting`. reason: why it is `stopped`. */
  show(state, { nextTryAt = null, reason = "" } = {}) {
    clearInterval(this.#timer);
    this.#box.dataset.state = state;
    const words = (state === "stopped" && REASONS[reason]) || WORDS[state];
    if (this.#text.textContent !== words) this.#text.textContent = words; // said once, not at every try
    this.#retry.hidden = state !== "waiting" && state !== "stopped";
    this.#count(nextTryAt);
    if (nextTryAt !== null) this.#timer = setInterval(() => this.#count(nextTryAt), 1000);
  }

  #count(nextTryAt) {
    const seconds = nextTryAt === null ? 0 : Math.ceil((nextTryAt - Date.now()) / 1000);
    this.#countdown.textContent = seconds > 0 ? `in ${seconds} s` : "";
  }
}
