"""Problems: error responses as exceptions.

A problem document (RFC 9457) becomes the error of `lumen_notify.errors` that the server raised. Other
responses, as a proxy makes them, become the error that fits their status.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from lumen_notify.errors import (
    Conflict,
    EncodingUnsupported,
    Fault,
    Forbidden,
    Invalid,
    LumenError,
    NotFound,
    RateLimited,
    Refused,
    ServerError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreachable,
)

KINDS: Mapping[int, type[LumenError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: EncodingUnsupported,
    500: ServerError,
}
"""The error for each status that needs no more than a message. 422 and 429 have more fields."""


def error_of(response: httpx.Response) -> LumenError:
    """Return the error for a response that has failed. Its body must have been read."""
    status, document = response.status_code, _document(response)
    message = str(document.get("detail") or f"{response.url} answers {status} {response.reason_phrase}.")
    given = str(document["code"]) if "code" in document else None
    if status == 422:
        return Invalid(message, faults=_faults(document), code=given)
    if status == 429:
        seconds = max(1, math.ceil(retry_after_seconds(response)))
        return RateLimited(message, retry_after_seconds=seconds, limit=str(document.get("limit", "")))
    if status in KINDS:
        return KINDS[status](message, code=given)
    if 400 <= status < 500:
        return Refused(message, code=given)
    if status > 500:
        return Unavailable(message, code=given)
    return unexpected(f"{message} Check the URL.")


def unreachable(url: str, error: httpx.TransportError) -> Unreachable:
    """Return the error for a request without a response."""
    return Unreachable(f"{url} does not answer: {str(error).removesuffix('.') or type(error).__name__}.")


def unexpected(message: str) -> ServerError:
    """Return the error for a response that is not one of lumen-notify."""
    return ServerError(message, code="unexpected_response")


def retry_after_seconds(response: httpx.Response) -> float:
    """Return how long `Retry-After` asks to wait (RFC 9110, section 10.2.3); 0 without it."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _document(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _faults(document: Mapping[str, Any]) -> tuple[Fault, ...]:
    errors = document.get("errors")
    return tuple(
        Fault(field=str(one.get("field", "")), message=str(one.get("message", "")))
        for one in (errors if isinstance(errors, list) else ())
        if isinstance(one, dict)
    )
