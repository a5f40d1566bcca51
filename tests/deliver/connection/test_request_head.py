"""The rules for a request's head. `test_http_protocol` tries them on the wire."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from lumen_notify.deliver.connection.http_refusal import HttpRefusal
from lumen_notify.deliver.connection.request_head import check, origin_form, without_upgrade

HOST = (b"host", b"x")


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"example.org",
        b"example.org:8000",
        b"my_service",
        b"127.0.0.1",
        b"[::1]:80",
        b"xn--bcher-kva",
        b"a%20b",
    ],
)
def test_host_of_any_valid_form_is_taken(host: bytes) -> None:
    check("1.1", [(b"host", host)])
    check("1.0", [(b"host", host)])


@pytest.mark.parametrize(
    "host", [b"a b", b"a/b", b"a@b", b"a:b", b"a:123456", b"\xff", b"::1", b"a\\b", b'"a"']
)
def test_host_of_another_form_is_refused(host: bytes) -> None:
    for version in ("1.0", "1.1"):
        with pytest.raises(HttpRefusal):
            check(version, [(b"host", host)])


def test_host_may_be_missing_only_in_http_1_0() -> None:
    check("1.0", [])
    with pytest.raises(HttpRefusal, match="no Host header"):
        check("1.1", [])
    for version in ("1.0", "1.1"):
        with pytest.raises(HttpRefusal, match="more than one Host header"):
            check(version, [HOST, HOST])


@pytest.mark.parametrize("version", ["0.9", "2.0", "1.2", "3.0"])
def test_other_versions_are_not_supported(version: str) -> None:
    with pytest.raises(HttpRefusal) as refusal:
        check(version, [HOST])
    assert refusal.value.status is HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/a?b", (b"/a?b", None)),
        (b"//a", (b"//a", None)),
        (b"http://x", (b"/", b"x")),
        (b"http://x?a=b", (b"/?a=b", b"x")),
        (b"HTTPS://x:1/a?b=c", (b"/a?b=c", b"x:1")),
        (b"http://user@x/a", (b"/a", b"x")),
        (b"http://[::1]:80/a", (b"/a", b"[::1]:80")),
    ],
)
def test_target_is_a_path_or_an_absolute_url(target: bytes, expected: tuple[bytes, bytes | None]) -> None:
    assert origin_form(b"GET", target) == expected


@pytest.mark.parametrize(
    "target", [b"", b"a", b"*", b"/#", b"http:/x", b"http://", b"ftp://x/", b"x:80", b"\xff"]
)
def test_other_targets_are_refused(target: bytes) -> None:
    with pytest.raises(HttpRefusal):
        origin_form(b"GET", target)


def test_tunnels_are_refused() -> None:
    for target in (b"x:80", b"/", b"http://x/"):
        with pytest.raises(HttpRefusal) as refusal:
            origin_form(b"CONNECT", target)
        assert refusal.value.status is HTTPStatus.NOT_IMPLEMENTED


def test_star_is_the_target_of_options() -> None:
    assert origin_form(b"OPTIONS", b"*") == (b"*", None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], b""),
        ([(b"content-length", b"0")], b""),
        ([(b"content-length", b"00")], b""),
        ([(b"content-length", b"5")], b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n"),
        ([(b"transfer-encoding", b"Chunked")], b"POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n"),
        (
            [(b"connection", b"Upgrade, Close"), (b"content-length", b"5")],
            b"POST / HTTP/1.1\r\ncontent-length: 5\r\nconnection: close\r\n\r\n",
        ),
    ],
)
def test_head_without_upgrade_frames_the_same_body(
    headers: list[tuple[bytes, bytes]], expected: bytes
) -> None:
    assert without_upgrade([HOST, (b"upgrade", b"h2c"), (b"connection", b"upgrade"), *headers]) == expected
