// Dialog: asks before something that cannot be undone.

import { make } from "./lumen-theme.js";

/** Ask a question in a dialog. Resolve with whether the answer is yes. */
export function ask(parent, { text, yes, no }) {
  return new Promise((resolve) => {
    const dialog = make(
      "dialog",
      { class: "dialog", part: "dialog", "aria-labelledby": "question" },
      make("p", { id: "question" }, text),
      make(
        "div",
        { class: "buttons" },
        make("button", { class: "quiet", type: "button", autofocus: true, onclick: () => dialog.close("") }, no),
        make("button", { class: "primary danger", type: "button", onclick: () => dialog.close("yes") }, yes),
      ),
    );
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    parent.append(dialog);
    dialog.showModal();
  });
}
