"""Endpoint: https URLs of public hosts; no notation of a private address passes."""

from __future__ import annotations

import re

import pytest

from lumen_notify.model.endpoint import ENDPOINT_PATTERN, check_endpoint

REAL = [
    "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf4O-byuxb_wJsKRaKvV_iKw",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABa4JSd-_x~y",
    "https://web.push.apple.com/QGuQyavXutnMH9K5i8bFSE5v_xLNVFP0DWXHbMcLd",
    "https://db5p.notify.windows.com/w/?token=BQYAAADm%2bx%2fI%3d",
    "https://push.example:443/a?b=c",
    "https://push.example",
    "https://8.8.8.8/x",
    "https://[2606:4700:4700::1111]/x",
]

PRIVATE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.0.1./",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0x/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.0.1:443/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://[1:2]/",
    "https://localhost/",
    "https://LocalHost./",
    "https://push.localhost/",
    "https://intranet/",
    "http://push.example/",
    "https://push.example:8443/",
    "https://push.example:22/",
]

WRONG = [
    "",
    "push.example",
    "ftp://push.example/",
    "//push.example/",
    "https:///x",
    "https://user@push.example/",
    "https://user:password@push.example/",
    "https://push.example@127.0.0.1/",
    "https://push.example\\@127.0.0.1/",
    "https://push.example/#x",
    "https://push.example/a b",
    "https://push.example/a\nb",
    "https://push.example/\x00",
    "https://pu\u0441h.example/",
    "https://push.example:99999/",
    "https://push.example:0/",
    "https://push.example:/",
    "https://push..example/",
    "https://.push.example/",
    "https://[fe80::1%25eth0]/",
    "https://[::1/",
    "https://push.example/" + "x" * 4096,
    "https://%31%32%37.0.0.1/",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", REAL)
def test_the_endpoints_of_push_services_are_taken(url: str) -> None:
    check_endpoint(url)
    assert re.fullmatch(ENDPOINT_PATTERN, url)


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        check_endpoint(url)
    check_endpoint(url, allows_private=True)


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_endpoint_is_refused_always(url: str) -> None:
    for allows_private in (False, True):
        with pytest.raises(ValueError, match="must be"):
            check_endpoint(url, allows_private=allows_private)
