// Problems: a sentence for a request that failed.

import { Problem } from "../client/lumen-notify.js";

/** Problems that the page explains in the user's language. Others show the server's sentence. */
const WITH_WORDS = new Set(["wrong_credentials", "username_taken", "rate_limited", "not_found", "token_expired", "token_revoked", "session_ended",
  "push_denied", "push_dismissed", "push_home_screen", "push_off", "push_service", "push_unsupported"]);

/** There is no user of this name. */
export class UnknownUser extends Error {
  constructor(name) {
    super(`no user is called ${name}`);
    this.user = name;
  }
}

/** Return the sentence. Errors of the page itself are thrown on. */
export function explain(t, error) {
  if (error instanceof UnknownUser) return t("page_problem_unknown_user", { name: error.user });
  if (!(error instanceof Problem)) throw error;
  if (WITH_WORDS.has(error.code)) return t(`page_problem_${error.code}`);
  if (error.status === 0) return t("page_problem_unreachable");
  return error.message.replaceAll("`", "") || t("page_problem_other", { status: error.status }); // marks are for programmers
}
