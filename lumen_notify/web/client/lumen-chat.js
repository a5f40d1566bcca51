// Chat: <lumen-chat room="...">, one conversation on any page.

import { chatSheet } from "./lumen-chat-sheet.js";
import { View } from "./lumen-chat-view.js";
import { acquireClient, releaseClient } from "./lumen-shared-client.js";
import { languageOf, theme, wordsFor } from "./lumen-theme.js";

/** The fragment of a link to a message, as the chat makes them on a page that does not handle `message-link`. */
const FRAGMENT = /^#lumen-chat\/(.+)\/(\d+)$/u;

export class LumenChat extends HTMLElement {
  static observedAttributes = ["room", "message", "url", "token-url", "lang"];
  #given = null;
  #own = null;
  #getToken = null;
  #view = null;
  #built = ""; // what the view was built for
  #isPlanned = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [theme, chatSheet];
  }

  /** A client to use in place of `url` and `token-url`. The element neither starts nor stops it. */
  get client() {
    return this.#given ?? this.#own;
  }

  set client(client) {
    if (client === this.#given) return;
    this.#given = client;
    this.#end();
    this.#plan();
  }

  get getToken() {
    return this.#getToken;
  }

  set getToken(getToken) {
    if (getToken === this.#getToken) return;
    this.#getToken = getToken;
    this.#end();
    this.#plan();
  }

  get room() {
    return this.getAttribute("room");
  }

  set room(id) {
    if (id === null) this.removeAttribute("room");
    else this.setAttribute("room", id);
  }

  focusInput() {
    this.#view?.focusInput();
  }

  connectedCallback() {
    for (const name of ["client", "getToken", "room"]) this.#adopt(name);
    this.#plan();
  }

  disconnectedCallback() {
    this.#plan();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name === "url" || name === "token-url") this.#end();
    if (name === "message" && after !== null && this.#view !== null) this.#view.jumpTo(Number(after));
    this.#plan();
  }

  /** Take over a property that was set before the element was defined. */
  #adopt(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  /** Build or end the view once all attributes are set. */
  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(async () => {
      const language = this.#language;
      const words = await wordsFor(language);
      this.#isPlanned = false;
      if (this.isConnected) this.#build(language, words);
      else this.#end();
    });
  }

  #build(language, t) {
    this.#own ??= this.#given === null ? this.#acquire() : null;
    if (this.client === null) return;
    const wanted = JSON.stringify([this.room, language]);
    if (this.#view !== null && this.#built === wanted) return;
    this.#view?.close();
    this.#built = wanted;
    this.#view = new View({ host: this, client: this.client, room: this.room, t, language, seq: this.#seq });
    this.shadowRoot.replaceChildren(this.#view.element);
  }

  #end() {
    this.#view?.close();
    this.#view = null;
    if (this.#own !== null) releaseClient(this.#own);
    this.#own = null;
    this.shadowRoot.replaceChildren();
  }

  #acquire() {
    const tokenUrl = this.getAttribute("token-url");
    if (this.#getToken === null && tokenUrl === null) return null;
    return acquireClient({ url: this.getAttribute("url"), tokenUrl, getToken: this.#getToken });
  }

  /** The seq of the message to show; null to show the first unread one. */
  get #seq() {
    const [, room, seq] = FRAGMENT.exec(location.hash) ?? [];
    const isHere = room !== undefined && (room === this.room || room === encodeURIComponent(this.room));
    const linked = isHere ? seq : null;
    const wanted = Number(this.getAttribute("message") ?? linked);
    return wanted > 0 ? wanted : null;
  }

  get #language() {
    const language =
      this.getAttribute("lang") || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
    return languageOf(language);
  }
}

customElements.define("lumen-chat", LumenChat);
