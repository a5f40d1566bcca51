"""Event: its check tells it from any other event that may once have had its position."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import Audience, Cursor, Event, check_of

times = st.integers(0, 2**42)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=140), times)
def test_check_is_a_part_of_a_cursor(audience: str, created_at: int) -> None:
    cursor = Cursor("e", 1, check_of(audience, created_at))
    assert Cursor.parse(str(cursor)) == cursor


def test_check_differs_by_time_and_by_audience() -> None:
    checks = {check_of("all", 1_800_000_000_000 + ms) for ms in range(10_000)}
    assert len(checks) > 9_990
    assert check_of("user:ann", 1) != check_of("user:bob", 1)


def test_check_stays_when_the_content_is_rewritten() -> None:
    events = [
        Event(position=1, audience=Audience("all"), kind=kind, category=None, body=body, created_at=1)
        for kind, body in (("message", '{"content":"hi"}'), ("message", "{}"))
    ]
    assert events[0].check == events[1].check == check_of("all", 1)
