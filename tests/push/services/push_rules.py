"""What a push service demands of a request. Each rule cites its specification.

The rules are read from the specifications, not from the provider; `test_push_service.py` sends by npm's
`web-push` to them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from push.services.https_service import Refused, Reply, Request

MAX_BODY_BYTES = 4096

DAY = 86_400

_URGENCIES = ("very-low", "low", "normal", "high")


def require(is_good: object, status: int, rule: str, reason: str) -> None:
    """Refuse a request. rule: the section that it breaks. reason: Apple's word for it."""
    if not is_good:
        raise Refused(Reply.of_json(status, {"reason": reason}), rule)


def decode(text: str) -> bytes:
    """RFC 7515, section 2: base64url without padding."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError(text)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_headers(request: Request) -> None:
    headers = request.headers
    require(request.method == "POST", 405, "RFC 8030, 5: POST", "MethodNotAllowed")
    ttl = headers.get("ttl", "")
    require(re.fullmatch(r"[0-9]+", ttl), 400, "RFC 8030, 5.2: TTL must be there, 1*DIGIT", "BadTtl")
    require(int(ttl) < 2**31, 400, "RFC 8030, 5.2: less than 2^31 seconds", "BadTtl")
    urgency = headers.get("urgency", "normal")
    require(urgency in _URGENCIES, 400, "RFC 8030, 5.3: Urgency is one of four", "BadUrgency")
    topic = headers.get("topic", "x")
    require(
        re.fullmatch(r"[A-Za-z0-9_-]{1,32}", topic),
        400,
        "RFC 8030, 5.4: Topic has at most 32 characters of base64url",
        "BadWebPushTopic",
    )


def check_body(request: Request) -> None:
    body = request.body
    require(len(body) <= MAX_BODY_BYTES, 413, "RFC 8030, 7.2: at most 4,096 bytes", "PayloadTooLarge")
    encoding = request.headers.get("content-encoding")
    require(encoding == "aes128gcm", 400, "RFC 8291, 4: Content-Encoding aes128gcm", "BadEncoding")
    require(
        len(body) >= 21 + 65 + 18 - 1,
        400,
        "RFC 8188, 2.1: salt, record size, key id; a record has a delimiter and a tag",
        "BadHeader",
    )
    record_bytes, key_bytes = int.from_bytes(body[16:20], "big"), body[20]
    require(record_bytes >= 18, 400, "RFC 8188, 2.1: a record size is at least 18", "BadHeader")
    require(key_bytes == 65, 400, "RFC 8291, 4: keyid is an uncompressed point", "BadHeader")
    require(is_point(body[21:86]), 400, "RFC 8291, 3.1: the point is one of P-256", "BadHeader")
    require(len(body) - 86 <= record_bytes, 400, "RFC 8291, 4: a single record", "BadRecord")


def is_point(raw: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return len(raw) == 65


def check_vapid(request: Request, *, origin: str, now: float, public_key: str, wants_subject: bool) -> None:
    """public_key: to which the subscription is restricted, base64url."""
    authorization = request.headers.get("authorization", "")
    require(
        authorization, 401, "RFC 8292, 4.2: a restricted subscription wants VAPID", "MissingProviderToken"
    )
    scheme, _, rest = authorization.partition(" ")
    require(scheme.lower() == "vapid", 401, "RFC 8292, 3: the scheme is vapid", "MissingProviderToken")
    parameters = dict(re.findall(r'([a-z]+)="?([^\s,"]+)"?', rest))
    require({"t", "k"} <= set(parameters), 401, "RFC 8292, 3.1, 3.2: t and k", "MissingProviderToken")
    require(parameters["k"] == public_key, 403, "RFC 8292, 4.2: another key", "VapidPkHashMismatch")
    claims = _claims(parameters["t"], decode(parameters["k"]))
    require(claims.get("aud") == origin, 403, "RFC 8292, 2: aud is the origin of the resource", "BadJwtToken")
    expires_at = claims.get("exp", 0)
    require(isinstance(expires_at, int | float), 403, "RFC 8292, 2: exp is a number", "BadJwtToken")
    require(expires_at > now, 403, "RFC 8292, 2: exp is to come", "ExpiredJwtToken")
    require(expires_at <= now + DAY, 403, "RFC 8292, 2: within 24 hours", "BadJwtToken")
    subject = claims.get("sub", "" if wants_subject else "mailto:")
    require(
        isinstance(subject, str) and subject.startswith(("mailto:", "https:")),
        403,
        "RFC 8292, 2.1: sub is a mailto: or https: URI (Apple wants one)",
        "BadJwtToken",
    )


def _claims(token: str, point: bytes) -> Mapping[str, Any]:
    require(is_point(point), 401, "RFC 8292, 3.2: k is a point of P-256", "BadJwtToken")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    times_are_checked_here: Any = {"verify_aud": False, "verify_exp": False}
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key, ["ES256"], options=times_are_checked_here)
    except jwt.InvalidTokenError as error:
        rule = "RFC 8292, 2: a JWT signed by ES256"
        raise Refused(Reply.of_json(403, {"reason": "BadJwtToken"}), rule) from error
    return claims
