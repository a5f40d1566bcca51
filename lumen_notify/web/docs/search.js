// Search: shows only the operations and schemas that contain all words, in the reference and in its contents.
// `/` moves to the field, Enter to the first result, Escape clears it.

const field = document.getElementById("search");
const status = document.getElementById("found");
let entries = [];

/** Call it once the page is complete. */
export function prepareSearch() {
  entries = [...document.querySelectorAll("#reference details")].map((card) => ({
    card,
    link: document.querySelector(`#entries a[href="#${card.id}"]`),
    title: `${card.id} ${card.querySelector("summary").textContent}`.toLowerCase(),
    text: card.textContent.toLowerCase(),
  }));
  field.addEventListener("input", search);
  field.addEventListener("keydown", onKey);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    field.focus();
  });
  search();
}

export function clearSearch() {
  field.value = "";
  search();
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (text) => words.every((word) => text.includes(word));
  // The fields and errors inside count only where no name does: "read" is in most of them.
  const isNamed = entries.some(({ title }) => matches(title));
  let found = 0;
  for (const { card, link, title, text } of entries) {
    const isFound = matches(isNamed ? title : text);
    card.hidden = !isFound;
    link.parentElement.hidden = !isFound;
    found += isFound;
  }
  for (const part of document.querySelectorAll("#entries section, #reference > section")) {
    const all = part.querySelectorAll("li, details");
    part.hidden = words.length > 0 && [...all].every((one) => one.hidden);
  }
  status.textContent = words.length === 0 ? "" : found === 1 ? "1 result" : `${found} results`;
}

function onKey(event) {
  if (event.key === "Escape") clearSearch();
  if (event.key !== "Enter") return;
  const first = entries.find(({ card }) => !card.hidden);
  if (first === undefined || field.value === "") return;
  event.preventDefault(); // else the key opens or closes what gets the focus
  first.card.open = true;
  first.card.querySelector("summary").focus();
  first.card.scrollIntoView();
}
