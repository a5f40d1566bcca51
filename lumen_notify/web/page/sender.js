// Sender: the sender of a notification in a few words.

/** Return the sender's name and, for a group, the number of other senders. */
export function senderOf({ sender, actors_count: number = 1 }) {
  const name = sender?.username ?? "system";
  if (number < 2) return name;
  return number === 2 ? `${name} and 1 other` : `${name} and ${number - 1} others`;
}
