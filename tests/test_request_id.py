"""Request id: taken from the request if it is harmless, else made."""

from __future__ import annotations

import re

import pytest

from lumen_notify.request_id import request_id_of

MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.mark.parametrize("given", ["a", "x" * 64, "01a20185-0647-7000-a5ee-000000000001", "shop:4711_b.c"])
def test_id_of_the_request_is_taken(given: str) -> None:
    assert request_id_of([(b"host", b"a"), (b"x-request-id", given.encode())]) == given


@pytest.mark.parametrize(
    "given",
    [b"", b"x" * 65, b"a b", b"a\n", b"a=b", b'"', b"\xc3\xa4", b"<script>", b"a,b", b"\x1b[2J"],
)
def test_any_other_value_is_replaced(given: bytes) -> None:
    assert MADE.fullmatch(request_id_of([(b"x-request-id", given)]))


def test_request_without_one_gets_its_own() -> None:
    first, second = request_id_of([]), request_id_of([(b"host", b"a")])
    assert MADE.fullmatch(first)
    assert first != second


def test_first_of_several_counts() -> None:
    assert request_id_of([(b"x-request-id", b"a"), (b"x-request-id", b"b")]) == "a"
