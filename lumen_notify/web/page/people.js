// People: the names of the users that this tab has met, and which of those in direct rooms are online.

/** How many direct rooms are asked for presence when the page opens; the others follow by their events. */
const MAX_ASKED = 30;

/** Those that were learnt first are forgotten. */
const MAX_KNOWN = 1_000;

const KEY = `lumen-notify.people ${new URL("../", import.meta.url).pathname}`;

/** Events: `change`. */
export class People extends EventTarget {
  #client;
  #known = kept();
  #online = new Set();
  #asked = new Set();
  #looking = new Set();

  constructor(client) {
    super();
    this.#client = client;
    client.addEventListener("message", ({ detail }) => this.learn(detail.data?.sender));
    client.addEventListener("typing", ({ detail }) => this.learn(detail.user));
    client.addEventListener("presence", ({ detail }) => this.#set(detail.user.id, detail.status === "online"));
    client.addEventListener("state", ({ detail }) => detail.state !== "open" && this.#asked.clear());
  }

  /** Return the user as far as known: `{id, username, avatar}`. */
  get(id) {
    return this.#known.get(id) ?? { id, username: id, avatar: null };
  }

  isOnline(id) {
    return this.#online.has(id);
  }

  /** user: `{id, username, avatar}`, or null. */
  learn(user) {
    if (!user?.id) return;
    const known = this.#known.get(user.id);
    if (known?.username === user.username && known.avatar === (user.avatar ?? null)) return;
    this.#known.delete(user.id);
    this.#known.set(user.id, { id: user.id, username: user.username, avatar: user.avatar ?? null });
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value);
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...this.#known.values()]));
    } catch {
      // Storage is disabled or full: the names last until the page is closed.
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Forget all of them: the next user of this tab may not know them. */
  forget() {
    this.#known.clear();
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Storage is disabled.
    }
  }

  /** Learn from a list of rooms, and ask for what it does not say. */
  follow(rooms) {
    for (const room of rooms) this.learn(room.last_message?.sender);
    for (const room of rooms.filter(({ kind }) => kind === "direct").slice(0, MAX_ASKED)) this.#ask(room);
  }

  async #ask({ id, peer_id: peer }) {
    if (!this.#asked.has(id) && this.#client.features.has("presence")) {
      this.#asked.add(id);
      this.#client.presence(id).then(
        ({ items }) => items.forEach(({ user, status }) => this.#set(user.id, status === "online")),
        () => {}, // presence is off on the server, or the stream tells later
      );
    }
    if (this.#known.has(peer) || this.#looking.has(peer)) return;
    this.#looking.add(peer);
    const { items } = await this.#client.messages(id, { limit: 50 }).catch(() => ({ items: [] }));
    this.learn(items.find(({ sender }) => sender.id === peer)?.sender);
  }

  #set(id, isOnline) {
    if (this.#online.has(id) === isOnline) return;
    if (isOnline) this.#online.add(id);
    else this.#online.delete(id);
    this.dispatchEvent(new Event("change"));
  }
}

function kept() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEY)).map((user) => [user.id, user]));
  } catch {
    return new Map();
  }
}
