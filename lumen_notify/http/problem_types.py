"""Problem types: the code, status, title and meaning of each problem, as in `docs/api/service.md`."""

from __future__ import annotations

from typing import NamedTuple


class ProblemType(NamedTuple):
    """One type of problem (RFC 9457, section 3.1). title: the same for every problem of the type."""

    status: int
    title: str
    meaning: str


PROBLEM_TYPES: dict[str, ProblemType] = {
    "bad_request": ProblemType(
        400,
        "Malformed HTTP request",
        "The request is not valid HTTP, or can be read in two ways. The connection ends after the response.",
    ),
    "token_missing": ProblemType(401, "Token is missing", "The request has no token, ticket or cookie."),
    "token_invalid": ProblemType(
        401,
        "Token is invalid",
        "The token, ticket or cookie is malformed, forged, or issued for another service.",
    ),
    "token_expired": ProblemType(
        401, "Token has expired", "The token, ticket or cookie has expired. Get a new one."
    ),
    "token_revoked": ProblemType(
        401,
        "Token is revoked",
        "The token, ticket or cookie is from before a log-out everywhere or a new password. Log in again.",
    ),
    "wrong_credentials": ProblemType(
        401, "Username or password is wrong", "The username or the password is wrong."
    ),
    "session_ended": ProblemType(
        401, "Session has ended", "The refresh token is invalid, or its session has ended. Log in again."
    ),
    "forbidden": ProblemType(403, "Scope is missing", "The token lacks the scope that `detail` names."),
    "origin_not_allowed": ProblemType(
        403,
        "Origin is not allowed",
        "A page of an origin that `LUMEN_CORS_ORIGINS` does not list has sent a request without a token.",
    ),
    "log_in_again": ProblemType(
        403,
        "Log-in is not fresh",
        "The request needs a token of a log-in of the last 10 minutes. Log in again.",
    ),
    "not_a_member": ProblemType(
        403, "Not a member of the room", "The request is only for members of the room. Join it first."
    ),
    "role_too_low": ProblemType(
        403, "Role does not allow this", "The caller's role in the room does not allow the request."
    ),
    "muted": ProblemType(403, "Muted in the room", "The caller can read in this room, but not post."),
    "banned": ProblemType(403, "Banned from the room", "The user is banned from the room."),
    "blocked": ProblemType(403, "Blocked by the user", "The other user has blocked the caller."),
    "not_found": ProblemType(404, "Not found", "The resource does not exist, or the caller cannot see it."),
    "accounts_off": ProblemType(
        404, "Accounts are off", "The server has no accounts of its own: `LUMEN_ACCOUNTS` is off."
    ),
    "path_not_found": ProblemType(404, "Path does not exist", "No route has this path."),
    "method_not_allowed": ProblemType(
        405,
        "Method is not allowed",
        "The path does not support this method. `Allow` lists the methods that it supports.",
    ),
    "request_timeout": ProblemType(
        408, "Request took too long", "The request did not arrive completely within 20 seconds."
    ),
    "username_taken": ProblemType(409, "Username is taken", "Another account has this username."),
    "idempotency_key_reused": ProblemType(
        409, "Idempotency-Key is reused", "The same `Idempotency-Key` was used with a different body."
    ),
    "room_taken": ProblemType(409, "Room id is taken", "A room with this id already exists."),
    "too_many_categories": ProblemType(
        409,
        "Too many categories",
        "Without the scope `notify:publish`, notifications to one user or room have at most 100 categories.",
    ),
    "too_many_rooms": ProblemType(
        409, "Too many rooms", "A user is in `LUMEN_MAX_ROOMS_PER_USER` rooms already."
    ),
    "room_is_direct": ProblemType(409, "Room is direct", "The members of a direct room cannot be changed."),
    "last_owner": ProblemType(
        409, "Room needs an owner", "A room needs an owner. Make another member owner first."
    ),
    "too_large": ProblemType(413, "Body is too large", "The body is longer than `LUMEN_MAX_BODY_BYTES`."),
    "encoding_unsupported": ProblemType(
        415, "Content-Encoding is not supported", "The body has a `Content-Encoding`. Send it without one."
    ),
    "invalid": ProblemType(
        422, "Request is invalid", "The request is invalid. `errors` lists each field and its problem."
    ),
    "rate_limited": ProblemType(
        429,
        "Rate limit is exceeded",
        "More than a limit allows; `limit` names it. `Retry-After` gives the time to wait.",
    ),
    "head_too_large": ProblemType(
        431, "Head of the request is too large", "The request line and the headers have more than 32 KiB."
    ),
    "internal": ProblemType(500, "Internal error", "An internal error. The server has logged the details."),
    "not_implemented": ProblemType(
        501,
        "Not implemented",
        "The server does not support `CONNECT`, or a `Transfer-Encoding` other than `chunked`.",
    ),
    "database_unavailable": ProblemType(
        503, "Database is unavailable", "The database does not respond. Nothing was written."
    ),
    "database_busy": ProblemType(
        503,
        "Database is busy",
        "Another process has locked the database for 10 seconds. Nothing was written.",
    ),
    "commit_unknown": ProblemType(
        503,
        "Outcome is unknown",
        "The database connection failed during the commit, so the outcome is unknown. Retry with the "
        "same `Idempotency-Key`.",
    ),
    "not_ready": ProblemType(
        503, "Server is not ready", "The process cannot serve requests at the moment. `detail` says why."
    ),
    "keys_unavailable": ProblemType(
        503, "Token keys are unavailable", "The server with the token keys does not respond."
    ),
    "overloaded": ProblemType(
        503, "Server is overloaded", "Too many writes or password checks are waiting already."
    ),
    "draining": ProblemType(
        503,
        "Server is shutting down",
        "The server is shutting down. Nothing was written; another instance can serve the request.",
    ),
    "version_not_supported": ProblemType(
        505, "HTTP version is not supported", "The request is not HTTP/1.0 or HTTP/1.1."
    ),
}
"""By code."""
