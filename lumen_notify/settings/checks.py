"""Checks: the types of settings, each with its bounds and the error text for invalid values."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from lumen_notify.rates import PATTERN
from lumen_notify.settings.backplane_url import check_backplane_url
from lumen_notify.settings.database_url import check_database_url
from lumen_notify.settings.intake_url import check_intake_url
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret

DAY = 86400
TEN_YEARS = 10 * 365 * DAY


def _if(is_good: Callable[[Any], object], problem: str) -> AfterValidator:
    """Accept a value if `is_good` returns true. problem: the error text, which follows the variable's
    name."""

    def check(value: Any) -> Any:
        if not is_good(value):
            raise ValueError(problem)
        return value

    return AfterValidator(check)


def _check_secret(secret: Secret) -> Secret:
    try:
        size = len(secret.reveal().encode())
    except UnicodeEncodeError:
        raise ValueError("must be UTF-8 text") from None
    if size < MIN_SECRET_BYTES:
        raise ValueError(f"is {size} bytes long; HS256 needs at least {MIN_SECRET_BYTES}")
    return secret


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_http and url.isprintable() and " " not in url


def _check_webhook_secret(secret: Secret) -> Secret:
    """Standard Webhooks, "Signature scheme": 24 to 64 bytes, base64, prefixed with whsec_."""
    prefix, _, encoded = secret.reveal().partition("_")
    try:
        size = len(base64.b64decode(encoded, validate=True)) if prefix == "whsec" else 0
    except ValueError:
        size = 0
    if not 24 <= size <= 64:
        raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
    return secret


Switch = Literal["on", "off"]
PushContent = Literal["full", "title", "none"]
LogFormat = Literal["auto", "text", "logfmt", "json"]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Bytes = Annotated[int, Field(ge=1, le=2**30)]
RetentionSeconds = Annotated[
    int, _if(lambda it: it == 0 or 60 <= it <= TEN_YEARS, f"must be 0, or from 60 to {TEN_YEARS:,}")
]
Printable = Annotated[str, _if(lambda it: it and it.isprintable(), "must be printable text")]
Host = Annotated[
    str,
    _if(
        re.compile(r"[^\s/@\[\]]+").fullmatch, "must be an address or a host name, without port and brackets"
    ),
]
RateLimit = Annotated[
    str,
    AfterValidator(lambda it: it.lower()),  # pydantic needs 14 ms for the signature of `str.lower`
    _if(re.compile(f"off|0|{PATTERN}").fullmatch, "must be a rate such as 20/hour or 600/minute, or off"),
]
# RFC 6454.
Origins = Annotated[
    tuple[str, ...],
    _if(
        lambda it: all(origin == "*" or re.fullmatch(r"https?://[^\s/?#@*]+", origin) for origin in it),
        "must be origins such as https://app.example, without a path, separated by commas",
    ),
    _if(lambda it: "*" not in it or len(it) == 1, "cannot combine * with other origins"),
]
Names = Annotated[
    tuple[str, ...],
    _if(
        lambda it: it and all(re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name) for name in it),
        "must be names in lower case, separated by commas",
    ),
    _if(lambda it: "off" not in it or len(it) == 1, "cannot combine off with names"),
]
VapidSubject = Annotated[
    str,
    _if(
        re.compile(r"mailto:[^\s@]+@[^\s@]+|https://\S+").fullmatch,
        "must be an address such as mailto:ops@example.com or https://example.com/contact",
    ),
]
WebhookSecret = Annotated[Secret, AfterValidator(_check_webhook_secret)]
SigningSecret = Annotated[Secret, AfterValidator(_check_secret)]
KeyUrl = Annotated[
    str,
    _if(_is_http, "must be an http:// or https:// URL"),
    _if(lambda it: "@" not in urlsplit(it).netloc, "must not contain a user name or a password"),
]
DatabaseUrl = Annotated[str, AfterValidator(check_database_url)]
BackplaneUrl = Annotated[str, AfterValidator(check_backplane_url)]
IntakeUrl = Annotated[str, AfterValidator(check_intake_url)]
Topic = Annotated[
    str,
    _if(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}").fullmatch,
        "must be 1 to 200 characters of A-Z, a-z, 0-9, dot, underscore, dash and colon",
    ),
]
