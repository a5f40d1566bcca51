// Place: the parts of the page, by the fragment of the address.

export const PLACES = ["overview", "users", "send", "scheduled", "rooms", "categories", "push", "audit"];

/** Return `{name, id}`: one of PLACES, and which user or room; id is null for the list. Anything else is the overview. */
export function placeOf(fragment) {
  const [name, id] = fragment.replace(/^#\/?/, "").split("/").map(decoded);
  return PLACES.includes(name) ? { name, id: id || null } : { name: "overview", id: null };
}

/** Return the address of a place. id: null for the list. */
export function addressOf(name, id = null) {
  return id === null ? `#/${name}` : `#/${name}/${encodeURIComponent(id)}`;
}

/** Return the id of the place where a notification to somebody is written. aim: `user` or `room`. */
export function idOfAim(aim, who) {
  return `${aim}:${who}`;
}

/** Return `[aim, who]` of it: all without an id, a user with any other one. The id of a user may begin with `room:`. */
export function aimOf(id) {
  if (!id) return ["all", ""];
  const [, aim = "user", who = id] = /^(user|room):(.+)$/su.exec(id) ?? [];
  return [aim, who];
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
