// Session: the tokens of this tab. Each tab has its own, so that two tabs can be two users.

import { Problem, userOf } from "../client/lumen-notify.js";
import { logOut, refresh } from "./account.js";

const base = new URL("../", import.meta.url).pathname; // two mounts on one host have separate sessions

/** A token that ends sooner is made anew. */
const MARGIN_MS = 120_000;

/** How long a copy of this tab, which has the same refresh token, may take to tell of a refresh. */
const COPY_MS = 250;

export class Session {
  #token = null;
  #refreshToken = null;
  #handedOut = null;
  #refreshing = null;
  #key;
  #copies;

  /** name: pages of different names on one host have sessions of their own. */
  constructor(name = "session") {
    this.#key = `lumen-notify.${name} ${base}`;
    this.#copies = new BroadcastChannel(this.#key);
    const { token = null, refreshToken = null } = kept(this.#key);
    if (token !== null && userOf(token) !== null) [this.#token, this.#refreshToken] = [token, refreshToken];
    this.#copies.onmessage = ({ data }) => {
      if (this.#refreshToken !== null && data.replaces === this.#refreshToken) this.#set(data.token, data.refreshToken);
    };
  }

  /** `{id, name, avatar, expiresAt}` from the token, not verified; null if nobody is signed in. */
  get user() {
    return this.#token === null ? null : userOf(this.#token);
  }

  /** Whether the user has logged in with an account: the token is made anew by itself. */
  get hasAccount() {
    return this.#refreshToken !== null;
  }

  /** Begin with what the server returns at a log-in. */
  begin({ access_token, refresh_token }) {
    this.#set(access_token, refresh_token);
  }

  /** Begin with a token that was pasted: alone, or within the URL of this page. Return whether it is one. */
  beginWith(text) {
    const token = text.trim().replace(/^.*#token=/, "");
    if (userOf(token) === null) return false;
    this.#set(token, null);
    return true;
  }

  /**
   * Return a token for a client. One that was asked for before is asked for again only when it ends or was refused: then
   * it is made anew. Null if it cannot be. Throws a Problem if the server does not answer.
   */
  async token() {
    const isOver = this.user?.expiresAt * 1000 < Date.now() + MARGIN_MS;
    if (this.#refreshToken !== null && (isOver || this.#handedOut === this.#token)) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
      await this.#refreshing;
    }
    this.#handedOut = this.#token;
    return this.#token;
  }

  /** Forget the tokens here; `isOver` if the server has ended the session already. */
  end({ isOver = false } = {}) {
    if (this.#refreshToken !== null && !isOver) logOut(this.#refreshToken);
    this.#set(null, null);
  }

  /** One refresh at a time among the copies of a tab: a refresh token works once. */
  async #refresh() {
    const mine = this.#refreshToken;
    if (navigator.locks === undefined) return this.#exchange(mine);
    return navigator.locks.request(`${this.#key} refresh`, async () => {
      await new Promise((resolve) => setTimeout(resolve, COPY_MS));
      if (this.#refreshToken === mine) await this.#exchange(mine);
    });
  }

  async #exchange(mine) {
    try {
      const made = await refresh(mine);
      if (this.#refreshToken !== mine) return; // signed out meanwhile, or as somebody else
      this.#set(made.access_token, made.refresh_token);
      this.#copies.postMessage({ replaces: mine, token: made.access_token, refreshToken: made.refresh_token });
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
      if (this.#refreshToken === mine) this.#set(null, null);
    }
  }

  #set(token, refreshToken) {
    this.#token = token;
    this.#refreshToken = refreshToken;
    this.#handedOut = null;
    try {
      if (token === null) sessionStorage.removeItem(this.#key);
      else sessionStorage.setItem(this.#key, JSON.stringify({ token, refreshToken }));
    } catch {
      // Storage is disabled: the session lasts until the page is closed.
    }
  }
}

function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}
