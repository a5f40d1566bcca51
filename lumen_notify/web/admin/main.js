// Main: shows the sign-in form, or the page of the administrator who is signed in.

import { addWords, languageOf, make, theme, wordsFor } from "../client/lumen-theme.js";
import { config } from "../page/account.js";
import { takeFromAddress } from "../page/place.js";
import { explain } from "../page/problems.js";
import { Session } from "../page/session.js";
import { SignIn } from "../page/sign-in.js";
import { chosenTheme, setTheme } from "../page/themes.js";
import { SCOPE } from "./api.js";
import { App } from "./app.js";
import { LANGUAGES } from "./words/languages.js";

/** What the server offers to sign in with, if it does not say. */
const TOKENS_ONLY = { accounts: false, admin_token_command: null };

document.adoptedStyleSheets = [theme];
setTheme(document.documentElement, chosenTheme());

const language = languageOf(navigator.language);
for (const [each, words] of Object.entries(LANGUAGES)) addWords(each, words);
const t = await wordsFor(language);
document.documentElement.lang = language;

const session = new Session("admin");
let problem = null;
const offered = await config().catch((error) => ((problem = error), TOKENS_ONLY));
const signIn = new SignIn(t, { ...offered, registration: false, demo_users: [], token_command: offered.admin_token_command }, begin, {
  title: "admin_sign_in_title", lead: "admin_sign_in_lead", isTokenFirst: true,
});
let app = null;

document.body.append(make("a", { class: "skip", href: "#main", onclick: skip }, t("page_skip")), signIn.element);
addEventListener("hashchange", open);
open();
if (app === null && signIn.element.hidden) ended(problem ? explain(t, problem) : "");

/** Sign in as the address says (`#token=..`), or as this tab was. */
function open() {
  const token = takeFromAddress("token");
  if (token !== null) return begin(token) || ended(t("page_not_a_token"));
  if (app === null && session.user !== null) start();
}

/** what: a session, or a text that may be a token. Return whether it is one. */
function begin(what) {
  if (typeof what !== "string") session.begin(what);
  else if (!session.beginWith(what)) return false;
  if (session.user.scopes.includes(SCOPE)) start();
  else {
    session.end();
    ended(t("admin_scope_missing"));
  }
  return true;
}

function start() {
  app?.close();
  signIn.hide();
  app = new App({ t, language, session, onEnd: ended });
  document.body.append(app.element);
}

/** Show the sign-in form. reason: a sentence that says why; empty if the administrator has signed out. */
function ended(reason) {
  app?.close();
  app = null;
  document.title = t("admin_title");
  signIn.show(reason);
}

function skip(event) {
  event.preventDefault(); // the fragment is the place
  document.querySelector("main:not([hidden])")?.focus();
}
