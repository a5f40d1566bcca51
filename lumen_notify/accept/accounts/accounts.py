"""Accounts: register, log in, refresh, log out; where the application has no users of its own.

Promises: whether there is such a name shows neither in the answer to a log-in nor in the work that it takes;
no answer but a new session contains a token, and none a password; no cookie is ever set or read.

A request needs `Content-Type: application/json`, which a page of another origin cannot send without asking
first (Fetch: CORS-safelisted request-header): so no page makes its visitors' browsers register or log in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.accounts.bodies import (
    LoginBody,
    PasswordBody,
    ProfileBody,
    RefreshBody,
    RegisterBody,
    account_name,
)
from lumen_notify.auth import AccessTokens, LoginLimiter, PasswordHasher, RefreshToken, Verifier
from lumen_notify.auth.password_hasher import is_same_as_name
from lumen_notify.commit.accounts.accounts import Account, Accounts, ChangeProfile
from lumen_notify.commit.accounts.passwords import ChangePassword, Register
from lumen_notify.commit.accounts.sessions import (
    LogIn,
    LogOut,
    LogOutEverywhere,
    NewSession,
    Refresh,
    session_ended,
    wrong_credentials,
)
from lumen_notify.commit.committer import Committer
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.requests import Parsed, caller, parse, read_body
from lumen_notify.http.responses import answer
from lumen_notify.model import new_id, rfc3339, value
from lumen_notify.settings import Secret

_REGISTER: TypeAdapter[RegisterBody] = TypeAdapter(RegisterBody)
_LOGIN: TypeAdapter[LoginBody] = TypeAdapter(LoginBody)
_REFRESH: TypeAdapter[RefreshBody] = TypeAdapter(RefreshBody)
_PASSWORD: TypeAdapter[PasswordBody] = TypeAdapter(PasswordBody)
_PROFILE: TypeAdapter[ProfileBody] = TypeAdapter(ProfileBody)


@value
class AccountEndpoints:
    """What a user does with his account. refresh_seconds: how long a refresh token is good."""

    verifier: Verifier
    committer: Committer
    accounts: Accounts
    passwords: PasswordHasher
    attempts: LoginLimiter
    access_tokens: AccessTokens
    refresh_seconds: int
    max_body_bytes: int
    clock: Callable[[], int]

    async def register(self, request: Request) -> Response:
        """Answer `POST /auth/register`: 201 with the first session. Raises Conflict: the name is taken."""
        body = await self._body(request, _REGISTER)
        password = _secret(body.password)
        if is_same_as_name(password, body.name):
            raise Invalid("must not be the name", field="password")
        self.attempts.register(_address(request))
        token = RefreshToken.new()
        command = Register(
            user_id=new_id(),
            name=body.name,
            username=body.username or body.name,
            avatar=body.avatar,
            password_hash=await self.passwords.hash(password),
            scope="",
            session=self._session(token),
        )
        account: Account = await self.committer.submit(command)
        return self._begun(account, token, 201)

    async def login(self, request: Request) -> Response:
        """Answer `POST /auth/login`: a session. Raises Unauthenticated, RateLimited."""
        body = await self._body(request, _LOGIN)
        address = _address(request)
        self.attempts.log_in(body.name, address)
        password = _secret(body.password)
        found = await self.accounts.by_name(body.name)
        is_right = await self.passwords.verify(None if found is None else found[1].hashed, password)
        if found is None or not is_right:
            raise wrong_credentials()
        self.attempts.reset(body.name, address)
        account, known = found
        again = await self.passwords.hash(password) if self.passwords.is_outdated(known.hashed) else None
        token = RefreshToken.new()
        await self.committer.submit(
            LogIn(
                user_id=account.user_id,
                password_set_at=known.set_at,
                password_hash=again,
                session=self._session(token),
            )
        )
        return self._begun(account, token)

    async def refresh(self, request: Request) -> Response:
        """Answer `POST /auth/refresh`: fresh tokens for a refresh token, which is then used up."""
        token = _token(await self._body(request, _REFRESH))
        if token is None:
            raise session_ended()
        following = token.next()
        account: Account = await self.committer.submit(
            Refresh(
                family=token.family,
                digest=token.digest,
                next_digest=following.digest,
                expires_at=self._expires_at(),
            )
        )
        return self._begun(account, following)

    async def logout(self, request: Request) -> Response:
        """Answer `POST /auth/logout`: the session of a refresh token has ended, now or long ago."""
        token = _token(await self._body(request, _REFRESH))
        ended = 0 if token is None else await self.committer.submit(LogOut(family=token.family))
        return answer({"ended": ended})

    async def logout_everywhere(self, request: Request) -> Response:
        """Answer `POST /auth/logout-everywhere`: all of the caller's sessions have ended."""
        principal = await caller(request, self.verifier)
        return answer({"ended": await self.committer.submit(LogOutEverywhere(user_id=principal.user_id))})

    async def password(self, request: Request) -> Response:
        """Answer `POST /auth/password`: another password, and a session in place of all others."""
        principal = await caller(request, self.verifier)
        body = await self._body(request, _PASSWORD)
        account, known = await self.accounts.by_id(principal.user_id)
        new, address = _secret(body.new), _address(request)
        if is_same_as_name(new, account.name):
            raise Invalid("must not be the name", field="new")
        self.attempts.log_in(account.name, address)
        if not await self.passwords.verify(known.hashed, _secret(body.old)):
            raise wrong_credentials()
        self.attempts.reset(account.name, address)
        token = RefreshToken.new()
        await self.committer.submit(
            ChangePassword(
                user_id=account.user_id,
                seen_at=known.set_at,
                password_hash=await self.passwords.hash(new),
                session=self._session(token),
            )
        )
        return self._begun(account, token)

    async def get(self, request: Request) -> Response:
        """Answer `GET /auth/me`. Raises NotFound: the caller's token comes from somewhere else."""
        principal = await caller(request, self.verifier)
        account, _ = await self.accounts.by_id(principal.user_id)
        return answer(_shown(account))

    async def find(self, request: Request) -> Response:
        """Answer `GET /auth/users/{name}`: whom a name belongs to. Raises NotFound."""
        await caller(request, self.verifier)
        try:
            found = await self.accounts.by_name(account_name(request.path_params["name"]))
        except ValueError:
            found = None  # what cannot be a name is nobody's
        if found is None:
            raise NotFound("there is no user of this name")
        account, _ = found
        return answer({"user_id": account.user_id, "username": account.username, "avatar": account.avatar})

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /auth/me`: what others are shown. Tokens have it from the next refresh on."""
        principal = await caller(request, self.verifier)
        body = await self._body(request, _PROFILE)
        account: Account = await self.committer.submit(
            ChangeProfile(
                user_id=principal.user_id,
                username=body.username,
                sets_avatar="avatar" in body.model_fields_set,
                avatar=body.avatar,
            )
        )
        return answer(_shown(account))

    async def _body(self, request: Request, adapter: TypeAdapter[Parsed]) -> Parsed:
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != "application/json":
            raise Invalid("must be application/json", field="Content-Type")
        return parse(adapter, await read_body(request, self.max_body_bytes))

    def _expires_at(self) -> int:
        return self.clock() + self.refresh_seconds * 1000

    def _session(self, token: RefreshToken) -> NewSession:
        return NewSession(family=token.family, digest=token.digest, expires_at=self._expires_at())

    def _begun(self, account: Account, token: RefreshToken, status: int = 200) -> Response:
        access_token = self.access_tokens.mint(
            account.user_id, username=account.username, avatar=account.avatar, scope=account.scope
        )
        begun = {
            "user_id": account.user_id,
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.access_tokens.ttl_seconds,
            "refresh_token": token.text.reveal(),
        }
        return answer(begun, status)


def _shown(account: Account) -> dict[str, Any]:
    return {
        "user_id": account.user_id,
        "name": account.name,
        "username": account.username,
        "avatar": account.avatar,
        "created_at": rfc3339(account.created_at),
    }


def _secret(text: SecretStr) -> Secret:
    return Secret(text.get_secret_value())


def _token(body: RefreshBody) -> RefreshToken | None:
    return RefreshToken.parse(body.refresh_token.get_secret_value())


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
