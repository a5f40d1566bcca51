// Outbox: the messages that the user has sent and the history does not have yet.

/** The response to a send and its frame come in either order; both name the client_id. */
export class Outbox {
  messages = [];

  add(message) {
    this.messages = [...this.messages, message];
  }

  /** Replace a message by one with changes; return it. Null if it is not here any more. */
  change(clientId, changes) {
    const known = this.messages.find((message) => message.client_id === clientId);
    if (known === undefined) return null;
    const changed = { ...known, ...changes };
    this.messages = this.messages.map((message) => (message === known ? changed : message));
    return changed;
  }

  clear() {
    this.messages = [];
  }

  remove(clientId) {
    this.messages = this.messages.filter((message) => message.client_id !== clientId);
  }
}
