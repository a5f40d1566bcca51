// Sender: who a notification is from, in a few words.

/** Return a name, and how many others have sent what has merged with it. */
export function senderOf({ sender, actors_count: number = 1 }) {
  const name = sender?.username ?? "system";
  if (number < 2) return name;
  return number === 2 ? `${name} and 1 other` : `${name} and ${number - 1} others`;
}
