// Compose: sends a notification to the signed-in user, to try the page.

const SAMPLES = {
  like: "liked your photo",
  comment: "What a view! Where was this taken?",
  follow: "started following you",
  system: "Your export is ready.",
};

export class Compose {
  #form = document.getElementById("compose-form");
  #content = document.getElementById("content");
  #problem = document.getElementById("compose-problem");
  #send;

  /** send: publishes `{category, content}`; throws a Problem. An empty text sends the placeholder. */
  constructor(send) {
    this.#send = send;
    document.getElementById("compose").open = matchMedia("(min-width: 60rem)").matches;
    this.#form.addEventListener("change", () => this.#suggest());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#content.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    this.#suggest();
  }

  #suggest() {
    this.#content.placeholder = SAMPLES[this.#category];
  }

  get #category() {
    return new FormData(this.#form).get("category");
  }

  async #submit() {
    const category = this.#category;
    const content = this.#content.value.trim() || SAMPLES[category];
    this.#problem.hidden = true;
    try {
      await this.#send({ category, content });
      this.#content.value = "";
    } catch (problem) {
      this.#problem.textContent = `Not sent. ${problem.message}`;
      this.#problem.hidden = false;
    }
  }
}
