"""Links: what a browser would open as another address, or as a script, is refused."""

from __future__ import annotations

import re

import pytest

from lumen_notify.http.links import URL_PATTERN, link

GOOD = (
    "/",
    "/photos/7?size=large#comments",
    "/~alice/@home",
    "http://example.org",
    "https://example.org/a%20b?c=d@e#f",
    "HTTPS://EXAMPLE.ORG:8443?x",
    "http://[::1]:8000/",
    "https://münchen.example/straße",
    "http://localhost:3000/a//b",
)

BAD = (
    "",
    "photos/7",
    "?a=b",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a\\b",
    "/\t/evil.example",
    "/\n/evil.example",
    " /photos",
    "/photos ",
    "/photos\n",
    "/a b",
    "\u00a0https://example.org",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.org/",
    "mailto:a@example.org",
    "http:",
    "http:/example.org",
    "http://",
    "http:///path",
    "http:\\\\example.org",
    "https://example.org\\@evil.example",
    "https://alice@example.org",
    "https://alice:secret@example.org/",
    "https://example.org:port/",
    "https://example.org:123456/",
    "https://exam\u2028ple.org/",
    "https://example.org/\x00",
    "https://example.org/\x7f",
    "https://example.org/\x9f",
)


@pytest.mark.parametrize("url", GOOD)
def test_web_addresses_and_paths_are_links(url: str) -> None:
    assert link(url) == url
    assert re.fullmatch(URL_PATTERN, url)


@pytest.mark.parametrize("url", BAD)
def test_what_a_browser_reads_as_something_else_is_no_link(url: str) -> None:
    with pytest.raises(ValueError, match="must be an http or https URL"):
        link(url)
