// SignIn: the form for a token, with the reason why it is shown.

export class SignIn {
  #view = document.getElementById("sign-in");
  #form = document.getElementById("sign-in-form");
  #token = document.getElementById("token");
  #reason = document.getElementById("sign-in-reason");

  /** accept: called with the text; returns whether it is a token. */
  constructor(accept) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#token.value;
      if (accept(text)) this.#token.value = "";
      else this.show("This is not a token. A token has three parts with dots between them.");
    });
  }

  /** reason: a sentence, or empty. */
  show(reason = "") {
    this.#view.hidden = false;
    this.#reason.textContent = reason;
    this.#reason.hidden = reason === "";
    this.#token.focus();
    void this.#nameCommand();
  }

  hide() {
    this.#view.hidden = true;
  }

  /** Show the command that makes a token where the server runs. */
  async #nameCommand() {
    const answer = await fetch(new URL("config.json", import.meta.url)).catch(() => null);
    const command = answer?.ok ? (await answer.json()).token_command : null;
    if (command !== null) document.querySelector("#token-help code").textContent = command;
  }
}
