"""Claims: decode and check a JWT's claims; convert them to a principal and back.

Promise: for any input text the only error is Unauthenticated, and its message never contains the token.

Times are checked here, against a clock that is passed in, because PyJWT always uses the system clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from lumen_notify.auth import jws
from lumen_notify.auth.keys import Key
from lumen_notify.auth.principal import Principal
from lumen_notify.auth.refusals import (
    BAD_SIGNATURE,
    MALFORMED,
    OTHER_ALGORITHM,
    OTHER_AUDIENCE,
    OTHER_ISSUER,
    expired,
    invalid,
)
from lumen_notify.model import MAX_USER_ID_CHARACTERS

MAX_TOKEN_BYTES = 8192
"""Longer tokens are refused before any work. Few servers and proxies accept longer header lines anyway."""

MAX_NAME_CHARACTERS = 128
MAX_AVATAR_CHARACTERS = 2048

# Control characters and surrogates. JSON can contain lone surrogates, but UTF-8 and databases cannot.
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# OpenID Connect Front-Channel Logout 1.0, section 3, defines `sid`. Issuers have values of their own.
_SESSION_PREFIX = "lns_"
_SESSION = re.compile(rf"{_SESSION_PREFIX}([0-9a-f]{{64}})\Z")

# The last day that RFC 3339 can write. An `exp` in milliseconds, a common mistake, is far beyond it.
_LAST_SECOND: Final = 253_402_214_400


def to_ascii(token: str, *, noun: str = "token") -> bytes:
    """Return the token's bytes. Raises Unauthenticated if it is too long or not ASCII."""
    if len(token) > MAX_TOKEN_BYTES:
        raise invalid(f"is {len(token)} bytes long; the limit is {MAX_TOKEN_BYTES}", noun=noun)
    try:
        return token.encode("ascii")
    except UnicodeEncodeError:
        raise invalid("is not a JWT", noun=noun) from None


def decode(
    token: bytes,
    key: Key,
    *,
    types: Collection[str | None],
    audience: str | None = None,
    issuer: str | None = None,
    noun: str = "token",
) -> dict[str, Any]:
    """Return the claims of a token after verifying its signature, audience, issuer and type.

    The algorithm comes from the key; the token's header must agree with it (RFC 8725, section 3.1).
    types: the accepted values of `typ`, in lower case; None accepts a token without `typ` (RFC 8725, section
    3.11). Raises Unauthenticated. Does not check the times: see `check_times`.
    """
    try:
        header, claims = jws.verified(token, key)
    except jws.Malformed:
        raise invalid(MALFORMED, noun=noun) from None
    except jws.BadSignature as error:
        raise invalid(OTHER_ALGORITHM if error.is_other_algorithm else BAD_SIGNATURE, noun=noun) from None
    typ = header.get("typ")
    if not (typ is None or isinstance(typ, str)) or (typ and typ.lower()) not in types:
        raise invalid("has the wrong type (`typ`)", noun=noun)
    for name in ("exp", "sub"):
        if claims.get(name) is None:
            raise invalid(f"has no `{name}`", noun=noun)
    if not isinstance(claims.get("jti", ""), str):
        raise invalid(MALFORMED, noun=noun)
    _check_issuer(claims, issuer, noun)
    _check_audience(claims, audience, noun)
    return claims


def _check_issuer(claims: Mapping[str, Any], issuer: str | None, noun: str) -> None:
    """Check `iss` (RFC 7519, section 4.1.1), if there is an expected one."""
    if issuer is not None and claims.get("iss") != issuer:
        raise invalid("has no `iss`" if claims.get("iss") is None else OTHER_ISSUER, noun=noun)


def _check_audience(claims: Mapping[str, Any], audience: str | None, noun: str) -> None:
    """Check `aud` (RFC 7519, section 4.1.3): a token for others is refused, also if none is expected."""
    found = claims.get("aud")
    if not found:
        if audience is not None:
            raise invalid("has no `aud`", noun=noun)
        return
    all_of_them = found if isinstance(found, list) else [found]
    if audience not in all_of_them or not all(isinstance(one, str) for one in all_of_them):
        raise invalid(OTHER_AUDIENCE, noun=noun)


def check_times(claims: Mapping[str, Any], now: int, *, leeway_ms: int = 0, noun: str = "token") -> int:
    """Check `exp`, `nbf` and `iat` (RFC 7519, sections 4.1.4 to 4.1.6); return the expiry.

    now: milliseconds. Returns the first millisecond at which the claims are refused, leeway included.
    Raises Unauthenticated if they are expired or not valid yet.
    """
    expires_at = time_ms(claims, "exp", noun=noun) + leeway_ms
    for name in ("nbf", "iat"):
        if name in claims and time_ms(claims, name, noun=noun) - leeway_ms > now:
            raise invalid(f"is not valid yet (`{name}`)", noun=noun)
    if now >= expires_at:
        raise expired(expires_at, noun=noun)
    return expires_at


def to_principal(
    claims: Mapping[str, Any], expires_at: int, *, issued: str = "iat", noun: str = "token"
) -> Principal:
    """Convert claims to a principal. issued: the claim that says when the API token was issued.

    Raises Unauthenticated, naming the claim and its limit.
    """
    user_id = _text(claims, "sub", MAX_USER_ID_CHARACTERS, noun)
    if user_id is None:
        raise invalid("has no `sub`, the user's id", noun=noun)
    scope = claims.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise invalid("has a `scope` that is not a string", noun=noun)
    return Principal(
        user_id=user_id,
        display_name=_first(claims, ("name", "preferred_username"), MAX_NAME_CHARACTERS, noun),
        avatar=_first(claims, ("avatar", "picture"), MAX_AVATAR_CHARACTERS, noun),
        scopes=frozenset(filter(None, scope.split(" "))) if scope else frozenset(),  # RFC 6749, section 3.3
        expires_at=expires_at,
        issued_at=time_ms(claims, issued, noun=noun) if issued in claims else 0,
        session=_session(claims.get("sid")),
    )


def of_session(family: str) -> dict[str, str]:
    """Return the claim that names a log-in here."""
    return {"sid": _SESSION_PREFIX + family}


def _session(sid: object) -> str | None:
    """Return the log-in here that a `sid` names; None for those of other issuers."""
    found = _SESSION.match(sid) if isinstance(sid, str) else None
    return found[1] if found else None


def from_principal(principal: Principal) -> dict[str, Any]:
    """Return the claims that `to_principal` reads, without the times and the session."""
    claims = {
        "sub": principal.user_id,
        "name": principal.display_name,
        "avatar": principal.avatar,
        "scope": " ".join(sorted(principal.scopes)),
    }
    return {name: value for name, value in claims.items() if value}


def time_ms(claims: Mapping[str, Any], name: str, *, noun: str) -> int:
    """Return a time claim in milliseconds since 1970. Raises Unauthenticated if it is not a valid time."""
    seconds = claims.get(name)
    # Python's JSON accepts NaN and Infinity; neither passes the comparison.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LAST_SECOND:
        raise invalid(f"has an `{name}` that is not a number of seconds since 1970", noun=noun)
    return round(seconds * 1000)


def _first(claims: Mapping[str, Any], names: Sequence[str], limit: int, noun: str) -> str | None:
    """Return the first claim that the token has: ours, or that of OpenID Connect Core, section 5.1."""
    return next((text for name in names if (text := _text(claims, name, limit, noun)) is not None), None)


def _text(claims: Mapping[str, Any], name: str, limit: int, noun: str) -> str | None:
    value = claims.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(f"has a `{name}` that is not a string", noun=noun)
    if len(value) > limit:
        raise invalid(f"has a `{name}` of {len(value)} characters; the limit is {limit}", noun=noun)
    if _FORBIDDEN_CHARACTERS.search(value):
        raise invalid(f"has control characters in its `{name}`", noun=noun)
    return value
