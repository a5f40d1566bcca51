"""Claims: a JWT read, checked and made a principal, and a principal made claims again.

Promise: whatever text comes in, the only refusal is Unauthenticated, and its text never contains the token.

The times are checked here and against a clock that is passed in, because PyJWT asks the system's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import jwt
from jwt.types import Options

from lumen_notify.auth.keys import Key
from lumen_notify.auth.principal import Principal
from lumen_notify.auth.refusals import expired, from_jwt, invalid
from lumen_notify.model import MAX_USER_ID_CHARACTERS

MAX_TOKEN_BYTES = 8192
"""Longer tokens are refused before any work. Servers and proxies rarely take longer header lines anyway."""

MAX_NAME_CHARACTERS = 128
MAX_AVATAR_CHARACTERS = 2048

# Control characters, and halves of surrogate pairs: JSON can spell those, but UTF-8 and databases cannot.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# Up to the last day that RFC 3339 can write. An `exp` in milliseconds, a common slip, is far beyond.
_LAST_SECOND: Final = 253_402_214_400

_OPTIONS: Final[Options] = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
    "require": ["exp", "sub"],
    "enforce_minimum_key_length": True,
}


def to_ascii(token: str, *, noun: str = "token") -> bytes:
    """Return the token's bytes. Raises Unauthenticated if no token can look so: too long, or not ASCII."""
    if len(token) > MAX_TOKEN_BYTES:
        raise invalid(f"is {len(token)} bytes long; the limit is {MAX_TOKEN_BYTES}", noun=noun)
    try:
        return token.encode("ascii")
    except UnicodeEncodeError:
        raise invalid("is not a JWT", noun=noun) from None


def read(
    token: bytes,
    key: Key,
    *,
    types: Collection[str | None],
    audience: str | None = None,
    issuer: str | None = None,
    noun: str = "token",
) -> dict[str, Any]:
    """Return the claims of a token whose signature, audience, issuer and type hold.

    The algorithm is the key's; what the token's header says must agree with it (RFC 8725, section 3.1).
    types: the values of `typ` that are taken, in lower case; None stands for none (section 3.11 there).
    Raises Unauthenticated. The times are not checked yet: see `expiry`.
    """
    try:
        found = jwt.decode_complete(
            token,
            key.material,
            algorithms=[key.algorithm],
            audience=audience,
            issuer=issuer,
            options=_OPTIONS,
        )
    except jwt.PyJWTError as error:
        raise from_jwt(error, noun=noun) from None
    kind = found["header"].get("typ")
    if not (kind is None or isinstance(kind, str)) or (kind and kind.lower()) not in types:
        raise invalid("is of another type (`typ`)", noun=noun)
    claims: dict[str, Any] = found["payload"]
    return claims


def expiry(claims: Mapping[str, Any], now: int, *, leeway_ms: int = 0, noun: str = "token") -> int:
    """Return from when on these claims are refused, in milliseconds. Raises Unauthenticated: already, or not
    yet (`nbf`, `iat`: RFC 7519, sections 4.1.4 to 4.1.6)."""
    expires_at = milliseconds(claims, "exp", noun=noun) + leeway_ms
    for name in ("nbf", "iat"):
        if name in claims and milliseconds(claims, name, noun=noun) - leeway_ms > now:
            raise invalid(f"is not valid yet (`{name}`)", noun=noun)
    if now >= expires_at:
        raise expired(expires_at, noun=noun)
    return expires_at


def principal_of(claims: Mapping[str, Any], expires_at: int, *, noun: str = "token") -> Principal:
    """Make a principal. Raises Unauthenticated, naming the claim and its limit."""
    user_id = _text(claims, "sub", MAX_USER_ID_CHARACTERS, noun)
    if user_id is None:
        raise invalid("lacks `sub`, the user's id", noun=noun)
    scope = claims.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise invalid("must have text as its `scope`", noun=noun)
    return Principal(
        user_id=user_id,
        username=_text(claims, "name", MAX_NAME_CHARACTERS, noun),
        avatar=_text(claims, "avatar", MAX_AVATAR_CHARACTERS, noun),
        scopes=frozenset(scope.split()) if scope else frozenset(),
        expires_at=expires_at,
    )


def claims_of(principal: Principal) -> dict[str, Any]:
    """Return what `principal_of` reads, without the times."""
    claims = {
        "sub": principal.user_id,
        "name": principal.username,
        "avatar": principal.avatar,
        "scope": " ".join(sorted(principal.scopes)),
    }
    return {name: value for name, value in claims.items() if value}


def milliseconds(claims: Mapping[str, Any], name: str, *, noun: str) -> int:
    """Return a time in milliseconds. Raises Unauthenticated if it is none."""
    seconds = claims.get(name)
    # JSON here includes NaN and Infinity; neither passes the comparison.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LAST_SECOND:
        raise invalid(f"must have a number of seconds since 1970 as its `{name}`", noun=noun)
    return round(seconds * 1000)


def _text(claims: Mapping[str, Any], name: str, limit: int, noun: str) -> str | None:
    value = claims.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(f"must have text as its `{name}`", noun=noun)
    if len(value) > limit:
        raise invalid(f"has a `{name}` of {len(value)} characters; the limit is {limit}", noun=noun)
    if _UNFIT.search(value):
        raise invalid(f"has control characters in its `{name}`", noun=noun)
    return value
