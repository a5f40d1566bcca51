// App: the page of the signed-in user: builds its parts, shows the place of the address, and ends with the session.

import "../client/lumen-bell.js";
import { LumenNotify } from "../client/lumen-notify.js";
import { Rooms } from "../client/lumen-store.js";
import { make } from "../client/lumen-theme.js";
import { Connection } from "./connection.js";
import { makeHome } from "./home.js";
import { People } from "./people.js";
import { go, placeOf, roomAddress } from "./place.js";
import { explain } from "./problems.js";
import { RoomForms } from "./room-forms.js";
import { RoomList } from "./room-list.js";
import { RoomView } from "./room-view.js";
import { Settings } from "./settings.js";
import { chosenTheme, keepTheme, setTheme } from "./themes.js";
import { TopBar } from "./top-bar.js";

/** Why the client has stopped for good, so that the user must sign in again. */
const ENDS = new Set(["signed_out", "expired", "revoked"]);

export class App {
  element = make("div", { class: "app" });
  #t;
  #session;
  #user;
  #hadAccount;
  #client;
  #onEnd;
  #parts;
  #main = make("main", { class: "content", tabIndex: -1 });
  #expiring;
  #closing = new AbortController();

  /** offered: how users sign in (`account.config`). onEnd: called with the key of a sentence, or null, once. */
  constructor({ t, language, session, offered, onEnd }) {
    this.#t = t;
    this.#session = session;
    this.#onEnd = onEnd;
    const user = (this.#user = session.user);
    this.#hadAccount = session.hasAccount;
    const client = (this.#client = new LumenNotify({ url: new URL("../", import.meta.url), getToken: () => session.token() }));
    const say = (problem) => explain(t, problem);
    const people = new People(client);
    people.learn({ id: user.id, username: user.name, avatar: user.avatar });
    const others = offered.demo_users.filter(({ name }) => name !== user.name);
    const isDemo = others.length < offered.demo_users.length;
    const forms = new RoomForms({ t, client, people, hasAccounts: offered.accounts, explain: say });
    const rooms = new Rooms(client);
    const list = new RoomList({ t, language, client, rooms, people, explain: say, actions: { newRoom: () => forms.newRoom(), newMessage: () => forms.newMessage() } });
    const actions = {
      signOut: () => this.#end(null),
      signOutEverywhere: session.hasAccount ? () => this.#signOutEverywhere() : null,
      tryOut: isDemo ? () => forms.tryOut() : null,
      setTheme: (theme) => this.#chooseTheme(theme),
      open: (event) => this.#openNotification(event),
    };
    this.#parts = {
      rooms, list, people,
      bar: new TopBar({ t, client, user, theme: chosenTheme(), actions }),
      connection: new Connection(t, client),
      view: new RoomView({ t, client, people, list, explain: say }),
      settings: new Settings({ t, language, client, explain: say }),
      home: makeHome({ t, name: user.name, demoUsers: isDemo ? others : [], forms }),
    };
    this.#parts.view.setTheme(chosenTheme());
    this.#expiring = make("div", { class: "strip", hidden: true }, make("span", { role: "status" }),
      make("button", { type: "button", class: "link", onclick: () => this.#end(null) }, t("page_sign_in_again")));
    this.element.append(this.#parts.bar.element, this.#parts.connection.element, this.#expiring, list.element, this.#main);
    this.#follow(rooms);
    client.start();
    rooms.load();
    list.loadPublic();
    this.#show();
  }

  close() {
    this.#closing.abort();
    this.#parts.connection.stop();
    this.#parts.rooms.close();
    this.#parts.view.show(null);
    this.#client.stop();
    this.element.remove();
  }

  #follow(rooms) {
    const { signal } = this.#closing;
    const on = (target, name, react) => target.addEventListener(name, react, { signal });
    on(window, "hashchange", () => this.#show());
    on(rooms, "change", () => this.#title());
    on(this.#client, "unread", () => this.#title());
    on(this.#client, "joined", () => this.#parts.list.loadPublic());
    on(this.#client, "left", () => this.#parts.list.loadPublic());
    on(this.#client, "expiring", () => this.#warn());
    on(this.#client, "notification-click", (event) => this.#openNotification(event));
    on(this.#client, "state", ({ detail }) => {
      if (detail.state === "open") this.#expiring.hidden = true;
      if (detail.state === "closed" && ENDS.has(detail.reason)) this.#end(this.#whyOver(detail.reason), { isOver: true });
    });
  }

  /** A session with an account goes on by itself. */
  #warn() {
    if (this.#hadAccount) return;
    this.#expiring.firstElementChild.textContent = this.#t("page_expiring");
    this.#expiring.hidden = false;
  }

  // ---- Places

  #place() {
    return placeOf(location.hash);
  }

  #show() {
    const place = this.#place();
    const { list, view, settings, home } = this.#parts;
    const isRoom = place.name === "room" || place.name === "direct";
    const part = isRoom ? view.element : place.name === "settings" ? settings.element : home;
    this.element.dataset.place = place.name;
    list.select(place.name === "room" ? place.room : null);
    if (!this.#main.contains(part)) {
      this.#main.replaceChildren(part);
      if (place.name === "settings") settings.load();
    }
    view.show(isRoom ? place : null);
    this.#title();
  }

  /** The number of unread notifications and messages, and the name of the place: "(3) Tea". */
  #title() {
    const count = this.#client.unreadCount ?? 0;
    document.title = `${count > 0 ? `(${count > 99 ? "99+" : count}) ` : ""}${this.#placeTitle()}`;
  }

  #placeTitle() {
    const place = this.#place();
    if (place.name === "settings") return `${this.#t("page_settings")} · lumen`;
    const room = place.name === "room" ? this.#parts.list.find(place.room) : undefined;
    return room ? this.#parts.list.titleOf(room) : "lumen";
  }

  /** A click on a notification of the bell, or on what was pushed: those of rooms open the message, others their link. */
  #openNotification(event) {
    const { type, category, room_id: pushed, data } = event.detail;
    const room = category === "mention" ? (data?.room_id ?? pushed) : type === "message" ? pushed : null;
    if (!room) return;
    event.preventDefault();
    go(roomAddress(room, data?.seq ?? null));
  }

  #chooseTheme(theme) {
    keepTheme(theme);
    setTheme(document.documentElement, theme);
    this.#parts.bar.setTheme(theme);
    this.#parts.view.setTheme(theme);
  }

  // ---- The end

  /** Return the key of the sentence for the sign-in page. */
  #whyOver(reason) {
    if (reason === "revoked") return "page_problem_token_revoked";
    if (this.#hadAccount) return "page_problem_session_ended";
    return this.#user.expiresAt * 1000 <= Date.now() ? "page_problem_token_expired" : "page_problem_token_refused";
  }

  async #signOutEverywhere() {
    try {
      await this.#client.request("POST", "auth/logout-everywhere");
      this.#end("page_problem_token_revoked", { isOver: true }); // or the end of the stream has said so before
    } catch (problem) {
      this.#expiring.firstElementChild.textContent = explain(this.#t, problem);
      this.#expiring.hidden = false;
    }
  }

  /** reason: the key of a sentence, or null. isOver: whether the server has ended the session already. */
  #end(reason, { isOver = false } = {}) {
    if (this.#closing.signal.aborted) return;
    if (!isOver) this.#client.signOut(); // scripts cannot remove the stream's cookie; without an answer it ends within a day
    this.#session.end({ isOver });
    this.#parts.people.forget();
    this.#onEnd(reason);
  }
}
