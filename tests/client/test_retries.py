"""Retries: what is sent again, and when."""

from __future__ import annotations

import httpx
import pytest

from lumen_notify.client import retries
from lumen_notify.client.retries import MAX_SECONDS, Attempts
from lumen_notify.errors import LumenError, RateLimited, Unavailable, Unreachable

URL = "http://x.example"


@pytest.fixture(autouse=True)
def first_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.5)


def attempts(*, is_repeatable: bool = True, number: int = 3, jitter: float = 1.0) -> Attempts:
    return Attempts(is_repeatable=is_repeatable, retries=number, jitter=lambda: jitter)


def response(status: int, retry_after: str = "") -> httpx.Response:
    headers = {"retry-after": retry_after} if retry_after else {}
    return httpx.Response(status, headers=headers, request=httpx.Request("GET", URL))


def test_waits_double_with_jitter_up_to_a_bound() -> None:
    made = attempts(number=20)
    waits = [made.after_response(response(503)) for _ in range(20)]
    assert waits[:4] == [0.5, 1, 2, 4]
    assert waits[-1] == MAX_SECONDS
    assert attempts(jitter=0).after_response(response(503)) == 0.25


def test_retry_after_is_honoured() -> None:
    assert attempts().after_response(response(503, "7")) == 7.5
    with pytest.raises(RateLimited) as caught:
        attempts().after_response(response(429, "3600"))
    assert caught.value.retry_after_seconds == 3600


def test_after_the_last_attempt_the_error_is_raised() -> None:
    made = attempts(number=1)
    made.after_response(response(503))
    with pytest.raises(Unavailable):
        made.after_response(response(503))
    with pytest.raises(Unreachable):
        made.after_error(httpx.ConnectError("refused"), URL)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_response_of_unknown_outcome_is_followed_only_by_what_may_be_repeated(status: int) -> None:
    assert attempts().after_response(response(status)) > 0
    with pytest.raises(Unavailable):
        attempts(is_repeatable=False).after_response(response(status))


def test_a_limit_is_waited_out_whatever_was_sent() -> None:
    assert attempts(is_repeatable=False).after_response(response(429)) > 0


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422, 500])
def test_other_statuses_are_final(status: int) -> None:
    with pytest.raises(LumenError):
        attempts().after_response(response(status))


@pytest.mark.parametrize(
    "error", [httpx.ReadError(""), httpx.ReadTimeout(""), httpx.RemoteProtocolError(""), httpx.WriteError("")]
)
def test_a_lost_connection_is_followed_only_by_what_may_be_repeated(error: httpx.TransportError) -> None:
    assert attempts().after_error(error, URL) > 0
    with pytest.raises(Unreachable):
        attempts(is_repeatable=False).after_error(error, URL)


@pytest.mark.parametrize("error", [httpx.ConnectError(""), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
def test_what_was_never_sent_is_sent_again(error: httpx.TransportError) -> None:
    assert attempts(is_repeatable=False).after_error(error, URL) > 0


@pytest.mark.parametrize("error", [httpx.UnsupportedProtocol(""), httpx.LocalProtocolError("")])
def test_what_cannot_be_sent_is_not_tried_again(error: httpx.TransportError) -> None:
    with pytest.raises(Unreachable):
        attempts().after_error(error, URL)
