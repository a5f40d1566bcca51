"""FCM, as Google documents it, with the token endpoint of Google's OAuth.

Each rule cites the page that it is from:

    [messages]   firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
    [send]       firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
    [ErrorCode]  firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
    [oauth]      developers.google.com/identity/protocols/oauth2/service-account, "HTTP/REST"
    [RFC 7523]   the profile of OAuth that it follows
"""

from __future__ import annotations

import functools
import json
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .fcm_message import Invalid, check_message
from .https_service import HttpsService, Refused, Reply, Request

PROJECT = "tea-house-42"

EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"

SCOPES = {
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
}
"""[send], "Authorization scopes"."""

AUDIENCE = "https://oauth2.googleapis.com/token"
"""[oauth]: "always", whatever `token_uri` is."""

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

OTHER_GRANTS = {
    "refresh_token": {"client_id", "client_secret", "refresh_token"},
    "urn:ietf:params:oauth:grant-type:token-exchange": {
        *("audience", "scope", "requested_token_type", "subject_token", "subject_token_type")
    },
}
"""RFC 6749, section 6, and RFC 8693, section 2.1, each with what it needs."""

ERRORS = {
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "UNREGISTERED": (404, "NOT_FOUND"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
}
"""[ErrorCode], with the statuses of google.rpc.Code."""


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class FcmService(HttpsService):
    """Google's services for push. unregistered, invalid, others: device tokens that the app has lost, that
    are none, and that belong to another sender. grants: the kinds of what was shown for access tokens."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        self.unregistered: set[str] = set()
        self.invalid: set[str] = set()
        self.others: set[str] = set()
        self.expires_in_seconds = 3599
        self.grants: list[str] = []
        self._folder = folder
        self._key_id = secrets.token_hex(20)
        self._access_tokens: set[str] = set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that were accepted."""
        bodies = [request.json() for request in self.accepted if self.kind(request) == ""]
        return [body["message"] for body in bodies if not body.get("validate_only")]

    @property
    def token_requests(self) -> int:
        """How many access tokens were asked for."""
        return sum(self.kind(request) == "token" for request in self.received)

    @property
    def credentials(self) -> dict[str, str]:
        """What a file of a service account has, as the console gives it."""
        key = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": self._key_id,
            "private_key": key,
            "client_email": EMAIL,
            "client_id": "104236712345678901234",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": f"{self.url}/token",
        }

    @property
    def credentials_file(self) -> Path:
        path = self._folder / "service-account.json"
        path.write_text(json.dumps(self.credentials))
        return path

    @property
    def settings(self) -> dict[str, str]:
        """The variables of a server that pushes by this service."""
        return {
            "LUMEN_PUSH_FCM_URL": self.url,
            "LUMEN_PUSH_FCM_CREDENTIALS_FILE": str(self.credentials_file),
            "SSL_CERT_FILE": str(self.authority.cert),
        }

    def expire_tokens(self) -> None:
        """Refuse all access tokens that were given out."""
        self._access_tokens.clear()

    def error(self, code: str, *, message: str = "", **headers: str) -> Reply:
        """Return the answer for a failure [ErrorCode]. headers: such as retry_after="3"."""
        status, name = ERRORS[code]
        detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
        return _error(status, name, message or code.lower(), [detail], headers)

    def kind(self, request: Request) -> str:
        return "token" if request.path == "/token" else ""

    def answer(self, request: Request) -> Reply:
        if request.method != "POST":
            raise Refused(_error(405, "UNIMPLEMENTED", "method", []), "[send]: POST")
        if request.path == "/token":
            return self._grant(request)
        if request.path != f"/v1/projects/{PROJECT}/messages:send":
            raise Refused(_error(404, "NOT_FOUND", "path", []), "[send], `parent`: projects/PROJECT_ID")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._access_tokens:
            rule = "[send], Authorization: a valid access token"
            raise Refused(_error(401, "UNAUTHENTICATED", "invalid authentication credentials", []), rule)
        return self._send(request)

    def _send(self, request: Request) -> Reply:
        try:
            message = check_message(request.body)
        except Invalid as error:
            violation = {"field": error.field, "description": str(error)}
            detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
            raise Refused(_error(400, "INVALID_ARGUMENT", str(error), [detail]), str(error)) from None
        token = message.get("fid", message.get("token", ""))
        if token in self.invalid:
            text = "The registration token is not a valid FCM registration token"
            return self.error("INVALID_ARGUMENT", message=text)
        if token in self.others:
            return self.error("SENDER_ID_MISMATCH")
        if token in self.unregistered:
            return self.error("UNREGISTERED")
        name = f"projects/{PROJECT}/messages/0:{time.time_ns()}"
        return Reply.of_json(200, {"name": name})

    def _grant(self, request: Request) -> Reply:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise _refused_grant("invalid_request", "[RFC 7523], 2.1: a form")
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        grant = form.get("grant_type", "")
        if grant not in (GRANT, *OTHER_GRANTS):
            raise _refused_grant("unsupported_grant_type", "[RFC 7523], 2.1: grant_type")
        self.grants.append(grant)
        if grant == GRANT:
            self._check_assertion(form.get("assertion", ""))
        elif not OTHER_GRANTS[grant] <= form.keys():
            raise _refused_grant("invalid_request", f"{grant}: needs {OTHER_GRANTS[grant]}")
        token = f"ya29.{secrets.token_urlsafe(100)}"
        self._access_tokens.add(token)
        granted = {
            "access_token": token,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "expires_in": self.expires_in_seconds,
            "token_type": "Bearer",
        }
        return Reply.of_json(200, granted)

    def _check_assertion(self, assertion: str) -> None:
        try:
            head = jwt.get_unverified_header(assertion)
            claims = jwt.decode(
                assertion,
                _key().public_key(),
                algorithms=["RS256"],  # [oauth], "Forming the JWT header"
                audience=AUDIENCE,
                issuer=EMAIL,
                options={"require": ["iss", "scope", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise _refused_grant("invalid_grant", f"[RFC 7523], 3: {error}") from None
        if head.get("kid") != self._key_id:
            raise _refused_grant("invalid_grant", "[oauth], header: kid is private_key_id")
        if claims["exp"] - claims["iat"] > 3600:
            raise _refused_grant("invalid_grant", "[oauth], claims: exp is an hour after iat at most")
        if not set(claims["scope"].split()) & SCOPES:
            raise _refused_grant("invalid_scope", "[send]: a scope of FCM")


def _error(
    status: int, name: str, message: str, details: list[Any], headers: dict[str, str] | None = None
) -> Reply:
    error = {"code": status, "message": message, "status": name, "details": details}
    fields = {field.replace("_", "-"): value for field, value in (headers or {}).items()}
    return Reply.of_json(status, {"error": error}, fields)


def _refused_grant(code: str, rule: str) -> Refused:
    """RFC 6749, section 5.2."""
    return Refused(Reply.of_json(400, {"error": code, "error_description": rule}), rule)
