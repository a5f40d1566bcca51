"""Accounts: register, change the password or the profile, find users by username.

Promise: no response contains a password.

Not here: logging in and out (`sessions`).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.accounts import responses
from lumen_notify.accept.accounts.bodies import (
    PasswordBody,
    ProfileBody,
    RegisterBody,
    Username,
    normal_username,
)
from lumen_notify.accept.accounts.login_limiter import LoginLimiter
from lumen_notify.accept.accounts.sessions import (
    CREDENTIALS,
    Sessions,
    address_of,
    own_body,
    secret,
)
from lumen_notify.auth import PasswordHasher, RefreshToken
from lumen_notify.auth.password_hasher import is_same_as_username
from lumen_notify.commit.accounts.accounts import Account, Accounts, ChangeProfile
from lumen_notify.commit.accounts.passwords import ChangePassword, Register
from lumen_notify.commit.accounts.sessions import wrong_credentials
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.operation import READS, WRITES, Operation, path
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import new_id, rfc3339, value

_REGISTER: TypeAdapter[RegisterBody] = TypeAdapter(RegisterBody)
_PASSWORD: TypeAdapter[PasswordBody] = TypeAdapter(PasswordBody)
_PROFILE: TypeAdapter[ProfileBody] = TypeAdapter(ProfileBody)


@value
class AccountEndpoints:
    """Registers users, and changes their accounts."""

    context: Context
    accounts: Accounts
    passwords: PasswordHasher
    attempts: LoginLimiter
    sessions: Sessions

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/auth/register",
            POST=(
                self.register,
                Operation(
                    name="register",
                    tag="accounts",
                    credentials=(),
                    summary="Create an account, and log in",
                    body=RegisterBody,
                    body_examples={"ann": {"value": {**CREDENTIALS, "display_name": "Ann"}}},
                    status=201,
                    answered="The account is committed; this is its first session.",
                    response=responses.Session,
                    problems=(*WRITES, "origin_not_allowed", "username_taken", "rate_limited"),
                ),
            ),
        )
        yield route(
            "/auth/password",
            POST=(
                self.password,
                Operation(
                    name="changePassword",
                    tag="accounts",
                    summary="Change the password, and end all other sessions",
                    description="Open streams of the caller end too, with the reason `revoked`.",
                    body=PasswordBody,
                    body_examples={
                        "another": {
                            "value": {
                                "current_password": "correct horse battery",
                                "new_password": "staple of another kind",
                            }
                        }
                    },
                    answered="A new session, which replaces all others.",
                    response=responses.Session,
                    problems=(*WRITES, "wrong_credentials", "not_found", "rate_limited"),
                ),
            ),
        )
        yield route(
            "/auth/users/{username}",
            GET=(
                self.find,
                Operation(
                    name="findUser",
                    tag="accounts",
                    summary="Find a user by username",
                    description="Returns the user's id, which all other operations need.",
                    parameters=(path("username", Username, "The name that the user logs in with."),),
                    answered="The user.",
                    response=responses.User,
                    problems=(*READS, "not_found"),
                ),
            ),
        )
        yield route(
            "/auth/me",
            GET=(
                self.get,
                Operation(
                    name="getAccount",
                    tag="accounts",
                    summary="Get the caller's account",
                    answered="The account.",
                    response=responses.Account,
                    problems=(*READS, "not_found"),
                ),
            ),
            PATCH=(
                self.patch,
                Operation(
                    name="updateAccount",
                    tag="accounts",
                    summary="Change the caller's profile",
                    body=ProfileBody,
                    body_examples={
                        "name": {"value": {"display_name": "Ann B."}},
                        "no picture": {"value": {"avatar": None}},
                    },
                    answered="The account after the change.",
                    response=responses.Account,
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )

    async def register(self, request: Request) -> Response:
        """Answer `POST /auth/register`: 201 with the first session. Raises Conflict if it is taken."""
        body = await own_body(self.context, request, _REGISTER)
        password = secret(body.password)
        if is_same_as_username(password, body.username):
            raise Invalid("must not be the username", field="password")
        self.passwords.require_capacity()
        await self.attempts.register(address_of(request))
        token = RefreshToken.new()
        command = Register(
            user_id=new_id(),
            username=body.username,
            display_name=body.display_name or body.username,
            avatar=body.avatar,
            password_hash=await self.passwords.hash(password),
            scope="",
            session=self.sessions.new(token),
        )
        account: Account = await self.context.committer.submit(command)
        return self.sessions.answer(account, token, 201)

    async def password(self, request: Request) -> Response:
        """Answer `POST /auth/password`: a new password, and a session that replaces all others."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _PASSWORD)
        account, known = await self.accounts.by_id(principal.user_id)
        new, address = secret(body.new_password), address_of(request)
        if is_same_as_username(new, account.username):
            raise Invalid("must not be the username", field="new_password")
        self.passwords.require_capacity()
        await self.attempts.log_in(account.username, address)
        if not await self.passwords.verify(known.hashed, secret(body.current_password)):
            raise wrong_credentials()
        token = RefreshToken.new()
        await self.context.committer.submit(
            ChangePassword(
                user_id=account.user_id,
                seen_at=known.set_at,
                password_hash=await self.passwords.hash(new),
                session=self.sessions.new(token),
                attempt_keys=self.attempts.keys_of_user(account.username, address),
            )
        )
        return self.sessions.answer(account, token)

    async def get(self, request: Request) -> Response:
        """Answer `GET /auth/me`. Raises NotFound if the caller has no account on this server."""
        principal = await self.context.caller(request)
        account, _ = await self.accounts.by_id(principal.user_id)
        return answer(_account(account))

    async def find(self, request: Request) -> Response:
        """Answer `GET /auth/users/{username}`. Raises NotFound."""
        await self.context.caller(request)
        try:
            found = await self.accounts.by_username(normal_username(request.path_params["username"]))
        except ValueError:
            found = None  # no account can have this username
        if found is None:
            raise NotFound("No user has this username.")
        account, _ = found
        user: responses.User = {
            "user_id": account.user_id,
            "username": account.username,
            "display_name": account.display_name,
            "avatar": account.avatar,
        }
        return answer(user)

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /auth/me`: change the profile. Tokens contain it from the next refresh on."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _PROFILE)
        account: Account = await self.context.committer.submit(
            ChangeProfile(
                user_id=principal.user_id,
                display_name=body.display_name,
                sets_avatar="avatar" in body.model_fields_set,
                avatar=body.avatar,
            )
        )
        return answer(_account(account))


def _account(account: Account) -> responses.Account:
    return {
        "user_id": account.user_id,
        "username": account.username,
        "display_name": account.display_name,
        "avatar": account.avatar,
        "created_at": rfc3339(account.created_at),
    }
