// Connection: shows the state of the stream and a button to connect now.

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

  /** onRetry: called when the user presses the button. */
  constructor(onRetry) {
    this.#retry.addEventListener("click", onRetry);
  }

  /** nextTryAt: ms, if the state is `waiting`. reason: why it is `stopped`. */
  show(state, { nextTryAt = null, reason = "" } = {}) {
    clearInterval(this.#timer);
    this.#box.dataset.state = state;
    const words = (state === "stopped" && REASONS[reason]) || WORDS[state];
    if (this.#text.textContent !== words) this.#text.textContent = words; // announce once, not at every attempt
    this.#retry.hidden = state !== "waiting" && state !== "stopped";
    this.#count(nextTryAt);
    if (nextTryAt !== null) this.#timer = setInterval(() => this.#count(nextTryAt), 1000);
  }

  #count(nextTryAt) {
    const seconds = nextTryAt === null ? 0 : Math.ceil((nextTryAt - Date.now()) / 1000);
    this.#countdown.textContent = seconds > 0 ? `in ${seconds} s` : "";
  }
}
