"""APNs, as Apple documents it.

Each rule cites the article of developer.apple.com/documentation/usernotifications that it is from:

    [sending]    "Sending notification requests to APNs"
    [responses]  "Handling notification responses from APNs"
    [token]      "Establishing a token-based connection to APNs"
    [payload]    "Generating a remote notification"
    [background] "Pushing background updates to your App"
"""

from __future__ import annotations

import functools
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .apns_payload import check_payload
from .apns_rules import ERRORS, Broken
from .https_service import HttpsService, Refused, Reply, Request

KEY_ID, TEAM_ID, TOPIC = "ABC123DEFG", "DEF123GHIJ", "example.tea.app"

MAX_TOKEN_SECONDS = 3600

MIN_TOKEN_SECONDS = 1200

PUSH_TYPES = frozenset(
    (
        *("alert", "background", "controls", "location", "voip", "complication", "fileprovider", "mdm"),
        *("liveactivity", "pushtotalk", "widgets"),
    )
)
"""[sending], "Know when to use push types"."""


@functools.cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class ApnsService(HttpsService):
    """Apple's service. unregistered: tokens of devices that have removed the app, with when (milliseconds).
    bad, others: tokens that are none, and of another app. clock: seconds."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time, **options: Any) -> None:
        super().__init__(folder, **options)
        self.unregistered: dict[str, int] = {}
        self.bad: set[str] = set()
        self.others: set[str] = set()
        self.clock = clock
        self._folder = folder
        self._issued_at: dict[int, float] = {}  # by connection: of its last token

    @property
    def key_file(self) -> Path:
        """The .p8 file, as Apple gives it."""
        path = self._folder / f"AuthKey_{KEY_ID}.p8"
        path.write_bytes(_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    @property
    def settings(self) -> dict[str, str]:
        """The variables of a server that pushes by this service."""
        return {
            "LUMEN_PUSH_APNS_URL": self.url,
            "LUMEN_PUSH_APNS_KEY_FILE": str(self.key_file),
            "LUMEN_PUSH_APNS_KEY_ID": KEY_ID,
            "LUMEN_PUSH_APNS_TEAM_ID": TEAM_ID,
            "LUMEN_PUSH_APNS_TOPIC": TOPIC,
            "SSL_CERT_FILE": str(self.authority.cert),
        }

    def error(self, reason: str, *, timestamp: int | None = None, **headers: str) -> Reply:
        """Return the answer for a failure ([responses], "Understand error codes"). headers: such as
        retry_after="3"."""
        body: dict[str, Any] = {"reason": reason}
        if timestamp is not None:
            body["timestamp"] = timestamp
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply.of_json(ERRORS[reason], body, {"apns-id": str(uuid.uuid4()).upper(), **fields})

    def answer(self, request: Request) -> Reply:
        try:
            token = self._check(request)
        except Broken as error:
            raise Refused(self.error(error.reason), str(error)) from None
        if token in self.bad:
            return self.error("BadDeviceToken")
        if token in self.others:
            return self.error("DeviceTokenNotForTopic")
        if token in self.unregistered:
            return self.error("Unregistered", timestamp=self.unregistered[token])
        # [responses], "Interpret header responses": that of the request, or one that APNs makes.
        apns_id = request.headers.get("apns-id") or str(uuid.uuid4()).upper()
        return Reply(status=200, headers={"apns-id": apns_id})

    def _check(self, request: Request) -> str:
        """Return the device's token. Raises Broken."""
        if request.method != "POST":
            raise Broken("MethodNotAllowed", "[sending]: `:method` is POST")
        path = re.fullmatch(r"/3/device/([^/?]*)", request.path)
        if path is None:
            raise Broken("BadPath", "[sending]: `:path` is /3/device/TOKEN")
        if not path[1]:
            raise Broken("MissingDeviceToken", "[sending]: `:path` has the token")
        self._check_provider(request)
        push_type, priority = _check_headers(request.headers)
        check_payload(request.body, push_type=push_type, priority=priority)
        if not re.fullmatch(r"[0-9A-Fa-f]+", path[1]):
            raise Broken("BadDeviceToken", "[sending]: the token is hexadecimal")
        return path[1]

    def _check_provider(self, request: Request) -> None:
        """[token], "Create an encrypted JSON token" and "Refresh your token regularly"."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Broken("MissingProviderToken", "[sending]: `authorization` is bearer TOKEN")
        try:
            head = jwt.get_unverified_header(token)
            options = {"verify_iat": False, "require": ["iss", "iat"]}
            claims = jwt.decode(token, _key().public_key(), algorithms=["ES256"], options=options)  # type: ignore[arg-type]
        except jwt.PyJWTError as error:
            raise Broken("InvalidProviderToken", f"[token]: {error}") from None
        if head.get("kid") != KEY_ID or claims["iss"] != TEAM_ID:
            raise Broken("InvalidProviderToken", "[token]: `kid` is the key's, `iss` the team's")
        age = self.clock() - claims["iat"]
        if age < -60:
            raise Broken("InvalidProviderToken", "[token]: `iat` is when it was made")
        if age > MAX_TOKEN_SECONDS:
            raise Broken("ExpiredProviderToken", "[token]: an hour old at most")
        before = self._issued_at.get(request.connection, claims["iat"])
        if 0 < claims["iat"] - before < MIN_TOKEN_SECONDS:
            raise Broken("TooManyProviderTokenUpdates", "[token]: once in 20 minutes at most")
        self._issued_at[request.connection] = claims["iat"]


def _check_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    """[sending], "Create a POST request to APNs": the table of headers."""
    if "apns-topic" not in headers:
        raise Broken("MissingTopic", "[sending]: `apns-topic` is required with a provider token")
    push_type = headers.get("apns-push-type", "")
    if push_type not in PUSH_TYPES:
        raise Broken("InvalidPushType", "[sending]: `apns-push-type` is required, and one of a list")
    suffix = {"voip": ".voip"}.get(push_type, "")
    if headers["apns-topic"] != TOPIC + suffix:
        raise Broken("TopicDisallowed", "[sending]: `apns-topic` is the bundle ID")
    priority = headers.get("apns-priority", "10")
    if priority not in ("10", "5", "1"):
        raise Broken("BadPriority", "[sending]: `apns-priority` is 10, 5 or 1")
    if not re.fullmatch(r"\d{1,12}", headers.get("apns-expiration", "0")):
        raise Broken("BadExpirationDate", "[sending]: `apns-expiration` is in seconds since 1970")
    if len(headers.get("apns-collapse-id", "").encode()) > 64:
        raise Broken("BadCollapseId", "[sending]: `apns-collapse-id` has 64 bytes at most")
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", headers.get("apns-id", _ID)):
        raise Broken("BadMessageId", "[sending]: `apns-id` is a UUID")
    return push_type, priority


_ID = "00000000-0000-0000-0000-000000000000"


def json_of(request: Request) -> Mapping[str, Any]:
    result: Mapping[str, Any] = json.loads(request.body)
    return result
