// Links: where a click on a notification leads, and its further actions.

/** Return the links of a notification, the target of a click first: `{label, href}` each; href: null if it is unsafe. */
export function linksOf({ url, actions }) {
  const own = url === undefined ? [] : [{ label: "Open", href: safe(url) }];
  return [...own, ...(actions ?? []).map((action) => ({ label: action.label, href: safe(action.url) }))];
}

/** Make the element of a link. One that is unsafe is only text. */
export function elementOf({ label, href }) {
  const element = document.createElement(href === null ? "span" : "a");
  element.className = "row-link";
  element.dir = "auto";
  element.textContent = label;
  if (href !== null) Object.assign(element, { href, target: "_blank", rel: "noopener noreferrer" });
  return element;
}

/** Return a URL as the browser reads it; null unless it is an http or https URL without credentials. */
function safe(url) {
  if (typeof url !== "string" || !URL.canParse(url, location.href)) return null;
  const { protocol, username, password, href } = new URL(url, location.href);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "" ? href : null;
}
