r"""FCM: Firebase Cloud Messaging, for Android, iOS and browsers.

Specification: `projects.messages`, `projects.messages.send` and `ErrorCode` of
firebase.google.com/docs/reference/fcm/rest/v1.

`data` has the fields of the payload. Their values are texts, since FCM takes no others: numbers are written
as such, and objects as JSON:

    {"type": "notification", "id": "...", "title": "...", "unread_count": "3", "sender": "{\"id\":...}", ...}

    {"encrypted": "..."}      for a device with keys: RFC 8291, in base64url

On Android a push is shown by `notification`, which Firebase's library does where the app is in the
background; an encrypted one by the app itself. What replaces an earlier one is `tag`, not `collapse_key`: FCM
keeps pushes of four collapse keys for a phone that is switched off, and drops the others ("Non-collapsible
and collapsible messages").

By google-auth and `HttpClient`, not by async-firebase: that is the same two libraries, without bounds on
answers, without Retry-After, cannot be led to a gateway, and logs payloads.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.model import now_ms, to_json
from lumen_notify.push import apple
from lumen_notify.push.encryption import InvalidKeys, encrypt, max_content_bytes
from lumen_notify.push.google_tokens import GoogleTokens, NoToken, UnusableFile
from lumen_notify.push.http_client import Answer, HttpClient
from lumen_notify.push.provider import MAX_PAYLOAD_BYTES
from lumen_notify.push.push import MAX_TITLE_BYTES, SENT, Push, Result, Target, cut
from lumen_notify.settings import Settings, variable

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"

MAX_TTL_SECONDS = 28 * 86_400

OVERHEAD_BYTES = 600
"""What FCM adds for APNs, and the other fields."""

_QUOTA_SECONDS = 60.0
"""If FCM does not say how long to wait (`ErrorCode`, QUOTA_EXCEEDED)."""

_URGENCY = {"low": "low", "normal": "normal", "high": "high", "urgent": "high"}

_FID = re.compile(r"[cdef][\w-]{21}", re.ASCII)
"""A Firebase installation ID, 22 characters that stand for 17 bytes, of which the first four bits are 0111
("Manage Firebase installations"). Apps register it since FCM made registration tokens obsolete; those are
longer, and have a colon."""

_WORD = re.compile(r"[A-Z_]{1,60}")


async def open_provider(settings: Settings, database: Database) -> FcmProvider:  # noqa: ARG001
    """Return the provider of the settings. Raises Misconfigured."""
    path = settings.push_fcm_credentials_file
    assert path is not None, "see `settings/combinations`"
    client = HttpClient()
    try:
        tokens = GoogleTokens(path, SCOPE, client)
        if tokens.project_id is None:
            raise UnusableFile("must name the project: `project_id`")
    except UnusableFile as error:
        raise _misconfigured("push_fcm_credentials_file", str(error)) from None
    return FcmProvider(client, tokens, url=settings.push_fcm_url, clock=now_ms)


class FcmProvider:
    """Sends to FCM. url: without a path. clock: milliseconds."""

    name = "fcm"

    def __init__(
        self, client: HttpClient, tokens: GoogleTokens, *, url: str, clock: Callable[[], int]
    ) -> None:
        self._client, self._tokens, self._clock = client, tokens, clock
        self._url = f"{url.rstrip('/')}/v1/projects/{quote(tokens.project_id or '', safe='')}/messages:send"

    async def send(self, push: Push, target: Target) -> Result:
        """Send a push to a device, once more if its access token is refused."""
        try:
            body = to_json({"message": message(push, target, self._clock())}).encode()
        except InvalidKeys:
            return Result(outcome="gone", reason="invalid keys")
        try:
            token = await self._tokens.token()
            answer = await self._post(body, token)
            if _code(answer) == "UNAUTHENTICATED":
                self._tokens.reject(token)
                answer = await self._post(body, await self._tokens.token())
        except NoToken as error:
            return Result(outcome="retry", reason=f"no access token: {error}")
        except ConnectionError as error:
            return Result(outcome="retry", reason=str(error))
        return self._result(answer)

    def config(self) -> Mapping[str, Any]:
        """Return the project's ID."""
        return {"project_id": self._tokens.project_id}

    async def check(self) -> None:
        """Let FCM look at a message that it does not send. Raises Misconfigured."""
        try:
            body = to_json({"validate_only": True, "message": {"token": "check"}}).encode()
            code = _code(await self._post(body, await self._tokens.token()))
        except NoToken as error:
            raise _misconfigured("push_fcm_credentials_file", f"gives no access token: {error}") from None
        except ConnectionError as error:
            raise _misconfigured("push_fcm_url", f"gives no answer: {error}") from None
        if code not in ("", "INVALID_ARGUMENT", "UNREGISTERED"):  # which are about the token
            raise _misconfigured("push_fcm_credentials_file", f"is refused by FCM: {code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._tokens.close()
        await self._client.close()

    async def _post(self, body: bytes, token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await self._client.post(self._url, headers=headers, content=body)

    def _result(self, answer: Answer) -> Result:
        if answer.status == 200:
            return SENT
        code = _code(answer)
        seconds = answer.retry_seconds
        match code:
            case "UNREGISTERED":
                return Result(outcome="gone", reason=code)
            case "INVALID_ARGUMENT" if _is_about_token(answer):
                return Result(outcome="gone", reason=f"{code}: token")
            case "QUOTA_EXCEEDED" | "RESOURCE_EXHAUSTED":
                return Result(outcome="retry", reason=code, retry_seconds=seconds or _QUOTA_SECONDS)
            case "UNAUTHENTICATED" | "PERMISSION_DENIED":  # whoever runs this may mend it
                return Result(outcome="retry", reason=code, retry_seconds=seconds)
        if answer.status in (408, 429) or answer.status >= 500:
            return Result(outcome="retry", reason=code, retry_seconds=seconds)
        return Result(outcome="refused", reason=code)


def _misconfigured(setting: str, problem: str) -> Misconfigured:
    return Misconfigured([(variable(setting), problem)])


def message(push: Push, target: Target, now: int) -> Mapping[str, Any]:
    """Return the resource `projects.messages` for a push. now: milliseconds. Raises InvalidKeys."""
    is_encrypted = apple.has_keys(target)
    result: dict[str, Any] = {
        "fid" if _FID.fullmatch(target.token) else "token": target.token,
        "android": _android(push),
        "apns": {
            "headers": apple.headers(push, target, now),
            "payload": {"aps": apple.aps(push, target)},
        },
        "webpush": {"headers": {"TTL": str(_ttl(push)), "Urgency": _URGENCY[push.priority]}},
    }
    shown = {"title": cut(push.title, MAX_TITLE_BYTES), "body": cut(push.content, apple.MAX_BODY_BYTES)}
    shown = {name: words for name, words in shown.items() if words}
    if shown and not push.is_silent and not is_encrypted:
        result["notification"] = shown
        result["webpush"]["notification"] = {"tag": push.collapse_key}
        result["android"]["notification"] = _android_notification(push)
    room = MAX_PAYLOAD_BYTES - OVERHEAD_BYTES - len(to_json(result["apns"]["payload"]).encode())
    result["data"] = _encrypted(push, target, room) if is_encrypted else _data(push, room)
    return result


def _android(push: Push) -> dict[str, Any]:
    is_for_later = push.is_silent or push.priority == "low"
    return {"priority": "NORMAL" if is_for_later else "HIGH", "ttl": f"{_ttl(push)}s"}


def _android_notification(push: Push) -> Mapping[str, Any]:
    result: dict[str, Any] = {"tag": push.collapse_key}
    if push.badge > 0:
        result["notification_count"] = push.badge
    if category := push.payload.get("category"):
        result["channel_id"] = category  # if the app has no such channel, its default
    return result


def _ttl(push: Push) -> int:
    return max(0, min(push.ttl_seconds, MAX_TTL_SECONDS))


def _data(push: Push, max_bytes: int) -> Mapping[str, str]:
    """Return the payload with texts as values, of at most so many bytes as JSON."""
    limit = max_bytes
    while True:
        payload = json.loads(push.encode(limit))
        data = {name: value if isinstance(value, str) else to_json(value) for name, value in payload.items()}
        surplus = len(to_json(data).encode()) - max_bytes  # quotes within quotes
        if surplus <= 0 or limit <= 1000:
            return data
        limit = max(1000, limit - surplus)


def _encrypted(push: Push, target: Target, max_bytes: int) -> Mapping[str, str]:
    content = push.encode(max_content_bytes((max_bytes - len('{"encrypted":""}')) * 3 // 4))
    encrypted = encrypt(content, p256dh=target.p256dh or "", auth=target.auth or "")
    return {"encrypted": base64.urlsafe_b64encode(encrypted).rstrip(b"=").decode()}


def _error(answer: Answer) -> Mapping[str, Any]:
    try:
        error = json.loads(answer.body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def _code(answer: Answer) -> str:
    """Return FCM's word for a failure (`FcmError.errorCode`), else that of all Google's services (`status`),
    else the status."""
    if answer.status == 200:
        return ""
    error = _error(answer)
    words = [*(detail.get("errorCode") for detail in _details(error)), error.get("status")]
    for word in words:
        if isinstance(word, str) and _WORD.fullmatch(word):
            return word
    return f"HTTP {answer.status}"


def _is_about_token(answer: Answer) -> bool:
    """Return whether the token is what is invalid: then the device is gone ("Best practices for FCM
    registration token management")."""
    error = _error(answer)
    fields = [field for detail in _details(error) for field in _fields(detail)]
    if fields:
        return fields in (["message.token"], ["message.fid"])
    return "registration token" in str(error.get("message"))


def _fields(detail: Mapping[str, Any]) -> list[object]:
    violations = detail.get("fieldViolations")
    return [
        one.get("field")
        for one in (violations if isinstance(violations, list) else ())
        if isinstance(one, dict)
    ]
