// Names: what the users of a conversation are called. The API's lists of members have only ids.

export class Names {
  #users = new Map();

  /** Learn the names that the conversation knows: of its members, senders and those who type. */
  learn(conversation, self) {
    for (const { sender } of conversation.messages) this.#add(sender);
    for (const user of conversation.typing) this.#add(user);
    for (const member of conversation.members) {
      if (member.username) this.#add({ id: member.user_id, username: member.username, avatar: member.avatar });
    }
    if (self !== null) this.#add({ id: self.id, username: self.name || self.id, avatar: self.avatar });
  }

  #add({ id, username, avatar }) {
    const known = this.#users.get(id);
    const next = { id, username: username || known?.username || id, avatar: avatar ?? known?.avatar ?? null };
    if (known?.username !== next.username || known.avatar !== next.avatar) this.#users.set(id, next);
  }

  /** Return `{id, username, avatar}`; the name is the id as long as no other is known. */
  of(id) {
    return this.#users.get(id) ?? { id, username: id, avatar: null };
  }
}
