// Main: builds the parts of the page for the signed-in user and connects them.

import { Api } from "./api.js";
import { Bell } from "./bell.js";
import { Compose } from "./compose.js";
import { Connection } from "./connection.js";
import { glyphOf } from "./glyph.js";
import { Inbox, notificationsOf } from "./inbox.js";
import { List } from "./list.js";
import { Session } from "./session.js";
import { senderOf } from "./sender.js";
import { SignIn } from "./signin.js";
import { Stream } from "./stream.js";
import { Toasts } from "./toast.js";

const byId = (id) => document.getElementById(id);

const SIGNED_OUT = {
  token_expired: "This sign-in link has expired. Get a new token to continue.",
  token_revoked: "You have been signed out everywhere. Get a new token to continue.",
};

const session = new Session();
const toasts = new Toasts();
const bell = new Bell(() => list.focusUnread());
const list = new List({
  read: (item) => mark("read", { ids: [item.id] }),
  unread: (item) => mark("unread", { ids: [item.id] }),
  archive: (item) => archive(item),
});
const connection = new Connection(() => stream.open());
const signIn = new SignIn((text) => session.begin(text) && (start(), true));
new Compose((fields) => api.post("notifications", { to: { user: session.user.id }, ...fields }));

// Of the signed-in user; replaced by `start`.
let api = null;
let stream = null;
let inbox = null;

function start() {
  stop();
  const mine = { api: new Api(session.token) };
  mine.stream = new Stream(mine.api);
  mine.inbox = new Inbox(mine.api);
  ({ api, stream, inbox } = mine);
  signIn.hide();
  byId("app").hidden = false;
  byId("expiring").hidden = true;
  byId("user").textContent = session.user.name;
  follow(mine.stream, mine.inbox);
  mine.stream.open();
}

function stop(reason) {
  stream?.close();
  // A script cannot remove the stream's cookie. If the server does not answer, it expires within a day.
  if (reason !== undefined) api?.delete("notifications/stream").catch(() => {});
  api = stream = inbox = null;
  list.clear();
  toasts.clear();
  missed.length = 0;
  bell.show(null);
  byId("app").hidden = true;
  byId("older").hidden = true;
  byId("read-all").disabled = true;
  byId("inbox-problem").hidden = true;
  if (reason !== undefined) {
    session.end();
    signIn.show(reason);
  }
}

/** Say why a token is refused, and what to do. */
function signedOut(problem) {
  return SIGNED_OUT[problem.code] ?? `The server does not accept this token. ${problem.message}`;
}

/** Connect one stream and one inbox with the page. Events of a replaced stream are ignored. */
function follow(mine, box) {
  const on = (target, name, react) =>
    target.addEventListener(name, (event) => {
      if (mine === stream) react(event.detail);
    });

  on(mine, "state", () => {
    connection.show(mine.state, { nextTryAt: mine.nextTryAt });
    if (mine.state === "waiting" && !box.isLoaded) box.load();
  });
  on(mine, "frame", (frame) => {
    box.apply(frame);
    if (frame.kind === "message") announce(frame);
    if (frame.kind === "expiring") byId("expiring").hidden = false;
    if (frame.replaysLeft === 0) showMissed();
  });
  on(mine, "ended", ({ reason, problem }) => {
    if (reason === "expired") stop("Your session has expired. Paste a new token to continue.");
    else if (reason === "revoked") stop(SIGNED_OUT.token_revoked);
    else if (reason === "unauthenticated") stop(signedOut(problem));
    else connection.show("stopped", { reason });
  });

  on(box, "count", () => bell.show(box.unreadCount));
  on(box, "change", () => {
    list.show(box.items);
    byId("older").hidden = !box.hasOlder;
  });
  for (const name of ["count", "change"]) {
    on(box, name, () => (byId("read-all").disabled = !box.unreadCount));
  }
  on(box, "problem", (problem) => {
    if (problem?.status === 401) stop(signedOut(problem));
    byId("inbox-problem").hidden = problem === null;
    byId("inbox-problem-text").textContent = problem === null ? "" : `The list could not be loaded. ${problem.message}`;
  });
}

// ---- User actions

async function mark(action, selection) {
  return done(inbox.mark(action, selection));
}

/** Return whether an action succeeds; tell the user if it does not. */
async function done(action) {
  try {
    await action;
    return true;
  } catch (problem) {
    toasts.show({ title: "Not updated:", content: problem.message });
    return false;
  }
}

async function archive(item) {
  const selection = { ids: [item.id] };
  if (!(await mark("archive", selection))) return;
  toasts.show({ content: "Archived.", action: { label: "Undo", run: () => mark("unarchive", selection) } });
}

byId("read-all").addEventListener("click", () => done(inbox.readAll(inbox.items[0]?.position ?? null)));
byId("older").addEventListener("click", async () => {
  byId("older").disabled = true;
  await inbox.older();
  byId("older").disabled = false;
});
byId("inbox-reload").addEventListener("click", () => inbox.load());
byId("sign-out").addEventListener("click", () => stop(""));
byId("expiring-sign-in").addEventListener("click", () => stop(""));

// ---- Frames

const missed = { count: 0, only: null };

function announce({ body, replaysLeft }) {
  const arrived = notificationsOf(body);
  if (replaysLeft === null) return showAll(arrived.length, arrived[0], "came together.");
  missed.count += arrived.length;
  missed.only = arrived[0] ?? missed.only;
}

/** After a reconnect: one toast for all missed notifications. */
function showMissed() {
  showAll(missed.count, missed.only, "came while you were away.");
  missed.count = 0;
}

/** only: the notification, if it is one. */
function showAll(count, only, how) {
  if (count === 1) show(only);
  else if (count > 1) toasts.show({ title: `${count} notifications`, content: how });
}

function show(item) {
  toasts.show({ glyph: glyphOf(item.category), title: item.title ?? senderOf(item), content: item.content });
}

// ---- Browser events

addEventListener("hashchange", () => session.beginFromAddress() && start());
addEventListener("online", () => stream?.nudge());
addEventListener("pageshow", (event) => event.persisted && stream?.open());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && stream?.nudge());

if (session.user === null) signIn.show();
else start();
