// Notifications: the effect of frames on a list of notifications.

/**
 * Return the items after a frame; the same array if nothing changes.
 *
 * items: descending by position. filter: as for `Inbox`. since: older items than this position are not in the list yet.
 */
export function applied(items, frame, filter = {}, since = 0) {
  if (frame.frame === "message") {
    return newIn(frame).reduce((list, item) => withNew(list, item, filter, since), items);
  }
  if (frame.frame === "notification_edited") return withEdit(items, frame.data, frame.position);
  if (frame.frame === "left") return without(items, (item) => item.room_id === frame.data.room_id);
  if (frame.frame === "expire") return without(items, selector(frame.data, Infinity));
  if (frame.room !== undefined) return items; // a member has read a room
  return marked(items, frame.frame, frame.data, frame.position, filter);
}

/** Return the items after a mark of those up to a position; the same array if nothing changes. */
export function marked(items, action, selection, position, filter = {}) {
  const isMeant = selector(selection ?? {}, position);
  if (action === "delete" || action === (filter.archived ? "unarchive" : "archive")) return without(items, isMeant);
  const change = CHANGES[action];
  if (change === undefined || !items.some(isMeant)) return items;
  return items.map((item) => (isMeant(item) ? change(item) : item));
}

/** Whether a frame can bring back items that are not in the list. */
export function bringsBack({ frame, room, data }, filter, items) {
  if (frame === "preferences") return true;
  if (room !== undefined) return false;
  if (frame === "unarchive") return !filter.archived;
  if (frame === "archive") return Boolean(filter.archived);
  if (frame === "read") return filter.unread === false;
  if (frame !== "unread" || filter.unread !== true) return false;
  const known = new Set(items.map(({ id }) => id));
  return data.ids === undefined || data.ids.some((id) => !known.has(id));
}

/** Return the notifications in a frame, newest first; none of a message in a room. */
export function notificationsOf({ type, data, room }) {
  if (room !== undefined) return [];
  return type === "bundle" && Array.isArray(data.items) ? data.items : [data];
}

/** Return the items of both lists, descending by position, each once; those of `items` count. */
export function joined(items, others) {
  const known = new Set(items.map(({ id }) => id));
  const all = [...items, ...others.filter(({ id }) => !known.has(id))];
  return all.sort((one, other) => other.position - one.position); // stable, as the items of a bundle have one position
}

const now = () => new Date().toISOString();

const CHANGES = {
  seen: (item) => ({ ...item, seen_at: item.seen_at ?? now() }),
  read: (item) => ({ ...item, is_read: true, seen_at: item.seen_at ?? now(), read_at: item.read_at ?? now() }),
  unread: (item) => ({ ...item, is_read: false, read_at: null }),
};

/** Return the filter that a selection describes: ids, or all so far, optionally of a category or up to a position. */
function selector(selection, position) {
  const ids = selection.ids === undefined ? null : new Set(selection.ids);
  const last = Math.min(position ?? Infinity, selection.up_to ?? Infinity);
  const { category } = selection;
  return (item) =>
    item.position <= last && (ids === null ? category === undefined || category === item.category : ids.has(item.id));
}

function without(items, isMeant) {
  return items.some(isMeant) ? items.filter((item) => !isMeant(item)) : items;
}

function newIn({ position, ...frame }) {
  const fresh = { position, is_read: false, seen_at: null, read_at: null, archived_at: null };
  return notificationsOf(frame).map((item) => ({ ...item, ...fresh })).reverse();
}

/** A known notification has merged with later ones: it moves to its new position, and is unread. */
function withNew(items, item, filter, since) {
  const known = items.find(({ id }) => id === item.id);
  if (known !== undefined && known.position >= item.position) return items;
  const others = known === undefined ? items : items.filter((other) => other !== known);
  const isListed =
    item.position > since &&
    !filter.archived &&
    filter.unread !== false &&
    (filter.category === undefined || filter.category === item.category);
  if (!isListed) return others;
  const place = others.findIndex(({ position }) => position <= item.position);
  return others.toSpliced(place < 0 ? others.length : place, 0, item);
}

/** The content of a notification has changed; it keeps its place, and whether it is read. */
function withEdit(items, edited, position) {
  const isMeant = (item) => item.id === edited.id && item.position <= (position ?? Infinity);
  if (!items.some(isMeant)) return items;
  return items.map((item) => (isMeant(item) ? { ...item, ...edited } : item));
}
