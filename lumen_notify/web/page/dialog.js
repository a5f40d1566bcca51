// Dialog: a form in a modal window, which closes once its action has succeeded.

import { icon, make } from "../client/lumen-theme.js";

/**
 * Show the form and focus its first field. fields: nodes. submit: called with the FormData; if it throws, the dialog stays
 * and shows the text that `explain` makes of the problem. isDanger: it cannot be undone.
 */
export function openDialog({ t, title, help = null, fields, button, submit, explain, isDanger = false }) {
  const problem = make("p", { class: "notice", role: "alert", hidden: true });
  const confirm = make("button", { class: isDanger ? "primary alarming" : "primary" }, button);
  const form = make("form", { class: "stack", method: "dialog", onsubmit: send },
    help && make("p", { class: "help" }, help), ...fields, problem,
    make("div", { class: "dialog-buttons" },
      make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("page_cancel")), confirm));
  const dialog = make("dialog", { class: "dialog", "aria-label": title, onclose: () => dialog.remove(), onclick: close },
    make("div", { class: "dialog-head" }, make("h2", {}, title),
      make("button", { type: "button", class: "icon-button", "aria-label": t("page_close"), title: t("page_close"), onclick: () => dialog.close() }, icon("close"))),
    form);
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input:not([type=radio]), textarea, input")?.focus();

  function close(event) {
    if (event.target === dialog) dialog.close(); // outside of what it shows
  }

  async function send(event) {
    event.preventDefault();
    problem.hidden = true;
    confirm.disabled = true;
    try {
      await submit(new FormData(form));
      dialog.close();
    } catch (error) {
      problem.textContent = explain(error);
      problem.hidden = false;
    } finally {
      confirm.disabled = false;
    }
  }
}

/** Make a field with its label above, and help below. */
export function field(label, input, help = null) {
  return make("label", { class: "field" }, make("span", { class: "field-label" }, label), input, help && make("span", { class: "help" }, help));
}
