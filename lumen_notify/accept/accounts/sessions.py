"""Sessions: log in, refresh, log out; for applications without users of their own.

Promises: neither the response to a log-in nor its cost shows whether the username exists; only the response
with a new session contains tokens; no response contains a password; no cookie is set or read.

Requests without a token are refused if a page of a foreign origin has sent them (`Context.require_own_page`).
So no page can make its visitors' browsers register or log in.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.accounts import responses
from lumen_notify.accept.accounts.bodies import LoginBody, RefreshBody
from lumen_notify.accept.accounts.login_limiter import LoginLimiter
from lumen_notify.auth import AccessTokens, PasswordHasher, RefreshToken
from lumen_notify.commit.accounts.accounts import Account, Accounts
from lumen_notify.commit.accounts.sessions import (
    LogIn,
    LogOut,
    LogOutEverywhere,
    NewSession,
    Refresh,
    session_ended,
    wrong_credentials,
)
from lumen_notify.http.context import Context
from lumen_notify.http.operation import OF_BODIES, WRITES, JsonSchema, Operation
from lumen_notify.http.requests import Parsed
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value
from lumen_notify.settings import Secret

CREDENTIALS = {"username": "ann", "password": "correct horse battery"}
"""An example for the document."""

_LOGIN: TypeAdapter[LoginBody] = TypeAdapter(LoginBody)
_REFRESH: TypeAdapter[RefreshBody] = TypeAdapter(RefreshBody)

_REFRESH_EXAMPLES: dict[str, JsonSchema] = {"token": {"value": {"refresh_token": "lnr_..."}}}


@value
class Sessions:
    """Makes sessions. refresh_seconds: the lifetime of refresh tokens."""

    context: Context
    access_tokens: AccessTokens
    refresh_seconds: int

    def new(self, token: RefreshToken) -> NewSession:
        """Make the session of a new refresh token, to be committed."""
        return NewSession(family=token.family, digest=token.digest, expires_at=self.expires_at())

    def expires_at(self) -> int:
        """Return when a refresh token issued now expires: wall-clock milliseconds."""
        return self.context.clock() + self.refresh_seconds * 1000

    def answer(self, account: Account, token: RefreshToken, status: int = 200) -> Response:
        """Answer with the tokens of a session."""
        access_token = self.access_tokens.mint(
            account.user_id,
            session=token.family,
            display_name=account.display_name,
            avatar=account.avatar,
            scope=account.scope,
        )
        session: responses.Session = {
            "user_id": account.user_id,
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.access_tokens.ttl_seconds,
            "refresh_token": token.text.reveal(),
        }
        return answer(session, status)


@value
class SessionEndpoints:
    """Logs users in and out."""

    context: Context
    accounts: Accounts
    passwords: PasswordHasher
    attempts: LoginLimiter
    sessions: Sessions

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/auth/login",
            POST=(
                self.login,
                Operation(
                    name="logIn",
                    tag="accounts",
                    credentials=(),
                    summary="Log in",
                    body=LoginBody,
                    body_examples={"ann": {"value": CREDENTIALS}},
                    answered="A new session.",
                    response=responses.Session,
                    problems=(*WRITES, "origin_not_allowed", "wrong_credentials", "rate_limited"),
                ),
            ),
        )
        yield route(
            "/auth/refresh",
            POST=(
                self.refresh,
                Operation(
                    name="refreshSession",
                    tag="accounts",
                    credentials=(),
                    summary="Exchange a refresh token for new tokens",
                    description=(
                        "A refresh token is valid once. A second use ends its session, as the token may have "
                        "been stolen."
                    ),
                    body=RefreshBody,
                    body_examples=_REFRESH_EXAMPLES,
                    answered="The new tokens of the session.",
                    response=responses.Session,
                    problems=(*WRITES, "origin_not_allowed", "session_ended"),
                ),
            ),
        )
        yield route(
            "/auth/logout",
            POST=(
                self.logout,
                Operation(
                    name="logOut",
                    tag="accounts",
                    credentials=(),
                    summary="End the session of a refresh token",
                    body=RefreshBody,
                    body_examples=_REFRESH_EXAMPLES,
                    status=204,
                    answered="The session has ended, now or earlier.",
                    problems=(*WRITES, "origin_not_allowed"),
                ),
            ),
        )
        yield route(
            "/auth/logout-everywhere",
            POST=(
                self.logout_everywhere,
                Operation(
                    name="logOutEverywhere",
                    tag="accounts",
                    summary="End all sessions of the caller",
                    description=(
                        "Open streams end too, with the reason `revoked`. Access tokens, tickets and stream "
                        "cookies that were issued before are refused."
                    ),
                    status=204,
                    answered="The sessions have ended.",
                    problems=(*OF_BODIES, *WRITES),
                ),
            ),
        )

    async def login(self, request: Request) -> Response:
        """Answer `POST /auth/login`: a session. Raises Unauthenticated, RateLimited, Unavailable."""
        body = await own_body(self.context, request, _LOGIN)
        address = address_of(request)
        self.passwords.require_capacity()
        await self.attempts.log_in(body.username, address)
        password = secret(body.password)
        found = await self.accounts.by_username(body.username)
        is_right = await self.passwords.verify(None if found is None else found[1].hashed, password)
        if found is None or not is_right:
            raise wrong_credentials()
        account, known = found
        again = await self.passwords.hash(password) if self.passwords.is_outdated(known.hashed) else None
        token = RefreshToken.new()
        not_before: int = await self.context.committer.submit(
            LogIn(
                user_id=account.user_id,
                password_set_at=known.set_at,
                password_hash=again,
                session=self.sessions.new(token),
                attempt_keys=self.attempts.keys_of_user(body.username, address),
            )
        )
        if not_before:  # another instance, whose clock is ahead, may have ended all sessions a moment ago
            self.sessions.access_tokens.revocations.revoke(account.user_id, not_before)
        return self.sessions.answer(account, token)

    async def refresh(self, request: Request) -> Response:
        """Answer `POST /auth/refresh`: new tokens for a refresh token, which is then used up."""
        token = _token(await own_body(self.context, request, _REFRESH))
        if token is None:
            raise session_ended()
        following = token.next()
        account: Account = await self.context.committer.submit(
            Refresh(
                family=token.family,
                digest=token.digest,
                next_digest=following.digest,
                expires_at=self.sessions.expires_at(),
            )
        )
        return self.sessions.answer(account, following)

    async def logout(self, request: Request) -> Response:
        """Answer `POST /auth/logout`: end the session of a refresh token, unless it has ended already."""
        token = _token(await own_body(self.context, request, _REFRESH))
        if token is not None:
            await self.context.committer.submit(LogOut(family=token.family))
        return no_content()

    async def logout_everywhere(self, request: Request) -> Response:
        """Answer `POST /auth/logout-everywhere`: end all sessions of the caller."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        await self.context.committer.submit(LogOutEverywhere(user_id=principal.user_id))
        return no_content()


async def own_body(context: Context, request: Request, adapter: TypeAdapter[Parsed]) -> Parsed:
    """Read and validate the body of a request without a token. Raises Forbidden, Invalid, TooLarge."""
    context.require_own_page(request)
    return await context.body(request, adapter)


def secret(text: SecretStr) -> Secret:
    """Turn pydantic's secret into ours."""
    return Secret(text.get_secret_value())


def address_of(request: Request) -> str:
    """Return the address of the client; empty if the server does not know it."""
    return request.client.host if request.client is not None else ""


def _token(body: RefreshBody) -> RefreshToken | None:
    return RefreshToken.parse(body.refresh_token.get_secret_value())
