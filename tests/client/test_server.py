"""Server: its address, and the token of the caller."""

from __future__ import annotations

import pytest

from lumen_notify.client.server import BASE_PATH, Server, is_loopback, timeout
from lumen_notify.errors import Invalid
from lumen_notify.model import BASE


def test_paths_are_below_the_url() -> None:
    assert (
        Server("https://x.example/notify/", "t").url_of("/rooms") == "https://x.example/notify/api/v1/rooms"
    )
    assert BASE_PATH == BASE


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:x", "http://", ""])
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="URL"):
        Server(url, "t")


def test_a_token_may_be_a_function() -> None:
    assert Server("http://x", "abc").authorization() == {"authorization": "Bearer abc"}
    assert not Server("http://x", "abc").can_renew
    assert Server("http://x", lambda: "abc").authorization() == {"authorization": "Bearer abc"}
    assert Server("http://x", lambda: "abc").can_renew


@pytest.mark.parametrize("token", ["a\nb", "ä", "a\x00"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(Invalid) as caught:
        Server("http://x", token).authorization()
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "is_so"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("example.com", False)],
)
def test_loopback_hosts_are_recognized(host: str, is_so: bool) -> None:
    assert is_loopback(host) == is_so


def test_proxies_of_the_environment_are_not_used_on_loopback() -> None:
    assert not Server("http://127.0.0.1:8000", "t").uses_proxies
    assert Server("http://192.0.2.1", "t").uses_proxies


def test_only_the_response_may_take_long() -> None:
    assert (timeout(300).read, timeout(300).connect) == (300, 10)
