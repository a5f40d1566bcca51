// Place: what the fragment of the address says, and the address of each place.

/**
 * Return the place that a fragment names: `{name: "home"}`, `{name: "settings"}`, `{name: "direct", user}` or
 * `{name: "room", room, message}` (message: a seq, or null). Anything else is home.
 */
export function placeOf(fragment) {
  const [name, id, seq] = fragment.replace(/^#\/?/, "").split("/").map(decoded);
  if (name === "settings") return { name };
  if (name === "direct" && id) return { name, user: id };
  if (name === "rooms" && id) return { name: "room", room: id, message: /^[1-9]\d{0,14}$/.test(seq ?? "") ? Number(seq) : null };
  return { name: "home" };
}

export const HOME = "#/";
export const SETTINGS = "#/settings";

/** message: a seq, or null. */
export function roomAddress(room, message = null) {
  return `#/rooms/${encodeURIComponent(room)}${message === null ? "" : `/${message}`}`;
}

export function directAddress(user) {
  return `#/direct/${encodeURIComponent(user)}`;
}

/** Go to a place: a new entry of the tab's history. */
export function go(address) {
  location.hash = address;
}

/** Name the place that is shown in another way, without a new entry. */
export function replace(address) {
  history.replaceState(history.state, "", address);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Take `#name=value` out of the address. Return the value, or null. */
export function takeFromAddress(name) {
  const value = location.hash.startsWith("#/") ? null : new URLSearchParams(location.hash.slice(1)).get(name);
  if (value !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return value;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
