// Api: the requests of this page. Each fails with a Problem.

import { LumenNotify } from "../client/lumen-notify.js";

/** What a token of an administrator has. */
export const SCOPE = "notify:admin";

const root = new URL("../", import.meta.url);

export class Api {
  streamUrl = new URL("api/v1/admin/stream", root);
  #session;
  #client;
  #token = null;

  constructor(session) {
    this.#session = session;
    this.changeToken();
  }

  /** Return a token, or null. isNew: the last one was refused. */
  async token(isNew) {
    if (this.#token === null || isNew) this.#token = await this.#session.token();
    return this.#token;
  }

  /** Forget the last token: the session has another one, which may be of another user. */
  changeToken() {
    this.#token = null;
    this.#client = new LumenNotify({ url: root, getToken: () => this.token(true) }); // for its requests alone
  }

  // ---- Users

  users = (query, options) => this.#get("admin/users", { query, ...options });
  user = (id) => this.#get(at`admin/users/${id}`);
  /** isOut: the user is signed out everywhere, too. */
  endStreams = (id, isOut) => this.#delete(at`admin/users/${id}/streams` + (isOut ? "?revoke_tokens=true" : ""));
  endStream = (id) => this.#delete(at`admin/streams/${id}`);

  // ---- Notifications

  preview = (to) => this.#post("admin/notifications/preview", { to });
  /** key: the same for a request that is sent again. */
  publish = (notification, key) => this.#client.request("POST", "notifications", notification, { headers: { "idempotency-key": key } });
  scheduled = (options) => this.#get("notifications/scheduled", options);
  cancel = (id) => this.#delete(at`notifications/${id}/schedule`);

  // ---- Rooms

  rooms = (query, options) => this.#get("admin/rooms", { query, ...options });
  room = (id) => this.#get(at`admin/rooms/${id}`);
  members = (id, options) => this.#get(at`admin/rooms/${id}/members`, options);
  bans = (id, options) => this.#get(at`admin/rooms/${id}/bans`, options);
  messages = (id, options) => this.#get(at`admin/rooms/${id}/messages`, options);
  setRole = (id, user, role) => this.#client.request("PUT", at`admin/rooms/${id}/members/${user}`, { role });
  removeMember = (id, user) => this.#delete(at`admin/rooms/${id}/members/${user}`);
  ban = (id, user) => this.#client.request("PUT", at`admin/rooms/${id}/bans/${user}`);
  liftBan = (id, user) => this.#delete(at`admin/rooms/${id}/bans/${user}`);
  removeMessage = (id, message) => this.#delete(at`admin/rooms/${id}/messages/${message}`);
  removeRoom = (id) => this.#delete(at`admin/rooms/${id}`);

  // ---- The rest

  categories = (options) => this.#get("categories", options);
  define = (name, definition) => this.#client.request("PUT", at`categories/${name}`, definition);
  removeCategory = (name) => this.#delete(at`categories/${name}`);
  deadLetters = (options) => this.#get("push/dead-letters", options);
  retry = (id) => this.#post(at`push/dead-letters/${id}/retry`);
  audit = (options) => this.#get("admin/audit", options);

  #get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const search = new URLSearchParams(given).toString();
    return this.#client.request("GET", search === "" ? path : `${path}?${search}`);
  }

  #post(path, body) {
    return this.#client.request("POST", path, body);
  }

  #delete(path) {
    return this.#client.request("DELETE", path);
  }
}

/** A path whose values are encoded. */
function at(parts, ...values) {
  return parts.reduce((path, part, index) => path + encodeURIComponent(values[index - 1]) + part);
}
