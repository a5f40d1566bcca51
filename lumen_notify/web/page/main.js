// Main: shows the sign-in page, or the page of the signed-in user.

import { languageOf, make, theme, wordsFor } from "../client/lumen-theme.js";
import { config } from "./account.js";
import { App } from "./app.js";
import { takeFromAddress } from "./place.js";
import { explain } from "./problems.js";
import { Session } from "./session.js";
import { SignIn } from "./sign-in.js";
import { chosenTheme, setTheme } from "./themes.js";

/** What the server offers to sign in with, if it does not say. */
const TOKENS_ONLY = { accounts: false, registration: false, demo_users: [], token_command: null };

document.adoptedStyleSheets = [theme];
setTheme(document.documentElement, chosenTheme());

const language = languageOf(navigator.language);
const t = await wordsFor(language);
document.documentElement.lang = language;

const session = new Session();
let problem = null;
const offered = await config().catch((error) => ((problem = error), TOKENS_ONLY));
const signIn = new SignIn(t, offered, begin);
let app = null;

document.body.append(
  make("a", { class: "skip", href: "#main", onclick: skip }, t("page_skip")),
  signIn.element,
);
addEventListener("hashchange", open);
open();
if (app === null && signIn.element.hidden) signIn.show(problem ? explain(t, problem) : "");

/** Sign in as the address says (`#token=..`: by a token, `#as=..`: as a demo user), or as this tab was. */
function open() {
  const token = takeFromAddress("token");
  if (token !== null) return begin(token) || ended("page_not_a_token");
  const username = takeFromAddress("as");
  if (username !== null && signIn.offers(username)) {
    ended(null);
    return signIn.demo(username);
  }
  if (app === null && session.user !== null) start();
}

/** what: a session, or a text that may be a token. Return whether somebody is signed in with it. */
function begin(what) {
  if (typeof what !== "string") session.begin(what);
  else if (!session.beginWith(what)) return false;
  start();
  return true;
}

function start() {
  app?.close();
  signIn.hide();
  app = new App({ t, language, session, offered, onEnd: ended });
  document.body.append(app.element);
}

/** Show the sign-in page. reason: the key of a sentence that says why; null if the user has signed out. */
function ended(reason) {
  app?.close();
  app = null;
  signIn.show(reason === null ? "" : t(reason));
}

function skip(event) {
  event.preventDefault(); // the fragment is the place
  document.querySelector("main:not([hidden])")?.focus();
}
