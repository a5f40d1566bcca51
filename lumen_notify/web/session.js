// Session: the token of this tab, from the address or the form, and whom it says it is for.

const base = new URL("./", import.meta.url).pathname; // two mounts on one host do not share it
const KEY = `lumen-notify.token ${base}`;

export class Session {
  #token = null;

  constructor() {
    this.#token = takeFromAddress() ?? kept();
    this.#keep();
  }

  /** The token, or null. */
  get token() {
    return this.#token;
  }

  /** `{id, name}` as the token says, or null. Only the server verifies; this is for showing. */
  get user() {
    return this.#token === null ? null : userOf(this.#token);
  }

  /** Take a token that the user pasted: alone, or the whole address of this page with it. */
  begin(text) {
    const token = text.trim().replace(/^.*#token=/, "");
    this.#token = userOf(token) === null ? null : token;
    this.#keep();
    return this.#token !== null;
  }

  /** Take a token from the address, where somebody has opened a link to this page in this very tab. */
  beginFromAddress() {
    const token = takeFromAddress();
    return token !== null && this.begin(token);
  }

  end() {
    this.#token = null;
    this.#keep();
  }

  #keep() {
    try {
      if (this.#token === null) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, this.#token);
    } catch {
      // Storage is switched off: the session lasts until the page is left.
    }
  }
}

function takeFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return userOf(token) === null ? null : token;
}

function kept() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The claims of a JWT (RFC 7519, section 3), unverified. Null for what is none. */
function userOf(token) {
  try {
    const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const id = claims.sub;
    return typeof id === "string" && id !== "" ? { id, name: String(claims.name ?? id) } : null;
  } catch {
    return null;
  }
}
