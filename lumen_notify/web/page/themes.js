// Themes: whether the page is light or dark, as the user has chosen for this browser.

const KEY = `lumen-notify.theme ${new URL("../", import.meta.url).pathname}`;
const CHOICES = new Set(["light", "dark"]);

/** Return the choice: `light`, `dark`, or null for the system's. */
export function chosenTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    return CHOICES.has(kept) ? kept : null;
  } catch {
    return null; // storage is disabled
  }
}

export function keepTheme(theme) {
  try {
    if (theme === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage is disabled: the choice lasts until the page is closed.
  }
}

/** Set the theme of an element: of the page, or of a component. */
export function setTheme(element, theme) {
  if (theme === null) element.removeAttribute("theme");
  else element.setAttribute("theme", theme);
}
