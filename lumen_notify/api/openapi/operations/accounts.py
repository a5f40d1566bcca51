"""Operations of accounts: there only where `LUMEN_ACCOUNTS` is on."""

from __future__ import annotations

from pydantic import TypeAdapter

from lumen_notify.accept.accounts.bodies import AccountName
from lumen_notify.api.openapi.operation import Operation, path
from lumen_notify.api.openapi.operations.shared import READS, WRITES
from lumen_notify.api.openapi.schema import JsonSchema, ref

_NAME_AND_PASSWORD = {"name": "ann", "password": "correct horse battery"}
_REFRESH: dict[str, JsonSchema] = {"token": {"value": {"refresh_token": "lnr_..."}}}

REGISTER = Operation(
    name="register",
    tag="accounts",
    credentials=(),
    summary="Make an account, and log in",
    description="The body is sent as `application/json`, as with all operations of accounts.",
    body=ref("RegisterBody"),
    body_examples={"ann": {"value": {**_NAME_AND_PASSWORD, "username": "Ann"}}},
    status=201,
    answered="The account is committed, and this is its first session.",
    answer=ref("Session"),
    problems=(*WRITES, "name_taken", "rate_limited"),
)

LOGIN = Operation(
    name="logIn",
    tag="accounts",
    credentials=(),
    summary="Log in",
    body=ref("LoginBody"),
    body_examples={"ann": {"value": _NAME_AND_PASSWORD}},
    answered="A session of its own.",
    answer=ref("Session"),
    problems=(*WRITES, "wrong_credentials", "rate_limited"),
)

REFRESH = Operation(
    name="refreshSession",
    tag="accounts",
    credentials=(),
    summary="Change a refresh token for fresh tokens",
    description="It is good once. Shown a second time, it ends its session: one of the two has stolen it.",
    body=ref("RefreshBody"),
    body_examples=_REFRESH,
    answered="The session goes on by these.",
    answer=ref("Session"),
    problems=(*WRITES, "session_ended"),
)

LOGOUT = Operation(
    name="logOut",
    tag="accounts",
    credentials=(),
    summary="End the session of a refresh token",
    body=ref("RefreshBody"),
    body_examples=_REFRESH,
    answered="It has ended, now or before.",
    answer=ref("Ended"),
    problems=WRITES,
)

LOGOUT_EVERYWHERE = Operation(
    name="logOutEverywhere",
    tag="accounts",
    summary="End all sessions of the caller",
    description="So do the streams, as `revoked`. Access tokens that are there live on until their end.",
    answered="They have ended.",
    answer=ref("Ended"),
    problems=WRITES,
)

PASSWORD = Operation(
    name="changePassword",
    tag="accounts",
    summary="Change the password, and end all other sessions",
    description="The caller's streams end too, as `revoked`.",
    body=ref("PasswordBody"),
    body_examples={"another": {"value": {"old": "correct horse battery", "new": "staple of another kind"}}},
    answered="The session in place of all others.",
    answer=ref("Session"),
    problems=(*WRITES, "wrong_credentials", "not_found", "rate_limited"),
)

GET = Operation(
    name="getAccount",
    tag="accounts",
    summary="Get the caller's account",
    answered="The account.",
    answer=ref("Account"),
    problems=(*READS, "not_found"),
)

FIND = Operation(
    name="findUser",
    tag="accounts",
    summary="Find the user whom a name belongs to",
    description="To write to him: everything else goes by the user's id.",
    parameters=(path("name", TypeAdapter(AccountName).json_schema(), "What the user logs in with."),),
    answered="The user.",
    answer=ref("User"),
    problems=(*READS, "not_found"),
)

PATCH = Operation(
    name="changeAccount",
    tag="accounts",
    summary="Change what others are shown of the caller",
    body=ref("ProfileBody"),
    body_examples={"name": {"value": {"username": "Ann B."}}, "no picture": {"value": {"avatar": None}}},
    answered="The account as it is now.",
    answer=ref("Account"),
    problems=(*WRITES, "not_found"),
)
