// Bell: shows the unread count in a badge, in the tab's title and to screen readers.

const SPEAK_MS = 800; // a burst is announced once
const LARGEST = 99;

export class Bell {
  #button = document.getElementById("bell");
  #badge = document.getElementById("count");
  #spoken = document.getElementById("count-spoken");
  #title = document.title;
  #count = 0;
  #timer = null;

  /** onOpen: called when the user presses the bell. */
  constructor(onOpen) {
    this.#button.addEventListener("click", onOpen);
    this.#button.addEventListener("animationend", () => this.#button.classList.remove("ringing"));
  }

  /** count: null if it is unknown. */
  show(count) {
    const known = count ?? 0;
    if (known > this.#count) this.#button.classList.add("ringing");
    this.#count = known;
    this.#badge.textContent = known > LARGEST ? `${LARGEST}+` : String(known);
    this.#badge.hidden = known === 0;
    this.#button.setAttribute("aria-label", sentence(known));
    document.title = known === 0 ? this.#title : `(${known}) ${this.#title}`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#spoken.textContent = count === null ? "" : sentence(known)), SPEAK_MS);
  }
}

function sentence(count) {
  if (count === 0) return "No unread notifications";
  return count === 1 ? "1 unread notification" : `${count} unread notifications`;
}
