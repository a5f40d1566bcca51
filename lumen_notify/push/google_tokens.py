"""Google tokens: access tokens for Google's services, by a file with credentials (OAuth 2.0).

google-auth makes and signs the requests, for each type of file that it knows; they are sent by `HttpClient`,
bounded like all others. google-auth waits while it does so: in a thread.

    the token is          what a caller gets
    fresh                 it
    about to end          it; a new one is fetched meanwhile
    at its end, rejected  a new one, for which all callers wait together

Only this module imports google-auth.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from google.auth import aws, identity_pool, impersonated_credentials
from google.auth.credentials import TokenState
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from lumen_notify.push.http_client import SECONDS, Answer, HttpClient

_READERS: Mapping[str, Callable[..., Any]] = {
    "service_account": service_account.Credentials.from_service_account_info,
    "authorized_user": user_credentials.Credentials.from_authorized_user_info,
    "impersonated_service_account": (
        impersonated_credentials.Credentials.from_impersonated_service_account_info
    ),
    "external_account": lambda info, *, scopes: _external_account(info).from_info(info, scopes=scopes),
}
"""By the `type` of a file. google-auth itself would also run programs that a file names."""

_CODE = re.compile(r"[a-z_]{1,60}")


class UnusableFile(ValueError):
    """A file has no credentials. The text says why, and begins with a verb."""


class NoToken(Exception):
    """No token could be had. The text is a few words without any token."""


class GoogleTokens:
    """Fetches and keeps the token of one file for one scope. project_id: the file's; None if it has none.
    Raises UnusableFile."""

    def __init__(self, path: Path, scope: str, client: HttpClient) -> None:
        info = _read(path)
        try:
            self._credentials: Any = _READERS[info["type"]](info, scopes=[scope])
        except (GoogleAuthError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableFile(f"has no usable credentials: {type(error).__name__}") from None
        project = info.get("project_id") or info.get("quota_project_id")
        self.project_id = project if isinstance(project, str) else None
        self._transport = _Transport(client)
        self._refresh: asyncio.Task[None] | None = None

    async def token(self) -> str:
        """Return a token. Raises NoToken."""
        state = self._credentials.token_state
        if state != TokenState.FRESH:
            refresh = self._start_refresh()
            if state == TokenState.INVALID:
                # The refresh goes on for the other callers if this one is cancelled.
                await asyncio.wait({refresh})
                refresh.result()
        return str(self._credentials.token)

    def reject(self, token: str) -> None:
        """Take a token as invalid, since a service refused it."""
        if self._credentials.token == token:
            self._credentials.token = None

    async def close(self) -> None:
        """End a request under way."""
        self._transport.close()
        if self._refresh is not None:
            await asyncio.wait({self._refresh})

    def _start_refresh(self) -> asyncio.Task[None]:
        if self._refresh is None or self._refresh.done():
            self._transport.loop = asyncio.get_running_loop()
            self._refresh = asyncio.create_task(self._fetch(), name="google token")
            self._refresh.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._refresh

    async def _fetch(self) -> None:
        try:
            await asyncio.to_thread(self._credentials.refresh, self._transport)
        except Exception as error:  # noqa: BLE001 - an answer without any sense raises ValueError and others
            raise NoToken(_words(error)) from None


class _Transport:
    """Sends the requests of google-auth, from its thread, by the client in the loop: its Request."""

    def __init__(self, client: HttpClient) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._client = client
        self._sent: concurrent.futures.Future[Answer] | None = None
        self._is_closed = False

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the client has its own
        **_: object,
    ) -> _Response:
        content = body.encode() if isinstance(body, str) else body or b""
        if self._is_closed or self.loop is None:
            raise TransportError("closed")
        request = self._client.request(method, url, headers=headers or {}, content=content)
        self._sent = asyncio.run_coroutine_threadsafe(request, self.loop)
        try:
            return _Response(self._sent.result(2 * SECONDS))
        except (OSError, TimeoutError, concurrent.futures.CancelledError) as error:
            raise TransportError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Send nothing more."""
        self._is_closed = True
        if self._sent is not None:
            self._sent.cancel()


class _Response:
    """Its Response."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.body


def _read(path: Path) -> Mapping[str, Any]:
    try:
        info = json.loads(path.read_bytes())
    except OSError as error:
        raise UnusableFile(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise UnusableFile("must contain JSON") from None
    if not isinstance(info, dict) or info.get("type") not in _READERS:
        raise UnusableFile(f"must contain credentials of the type {', '.join(_READERS)}")
    return info


def _external_account(info: Mapping[str, Any]) -> Any:
    is_aws = info.get("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request"
    return aws.Credentials if is_aws else identity_pool.Credentials


def _words(error: Exception) -> str:
    """Return the code of an OAuth error (RFC 6749, section 5.2), else the type of the exception."""
    for detail in error.args:
        code = detail.get("error") if isinstance(detail, dict) else None
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
    return type(error).__name__
