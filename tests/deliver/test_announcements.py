"""Announcements: only events that follow on the delivered ones are taken, whatever is announced."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver import announcements as module
from lumen_notify.deliver.announcements import Announcements, Taken
from lumen_notify.model import EVERYONE, Cursor, Event


def event(position: int, created_at: int = 1, size_bytes: int = 2) -> Event:
    return Event(
        position=position,
        audience=EVERYONE,
        kind="k",
        category=None,
        body="x" * size_bytes,
        created_at=created_at,
    )


LOG = [event(position, created_at=position) for position in range(1, 31)]
OTHER = [event(position, created_at=1000 + position) for position in range(1, 31)]


def follows(position: int) -> str | None:
    return LOG[position - 2].check if position > 1 else None


class Delivered:
    """The log up to a position was delivered."""

    def __init__(self, position: int) -> None:
        self.cursor = Cursor("e", position, LOG[position - 1].check if position else None)
        self.announced = Announcements()

    def check_at(self, position: int) -> str | None:
        return LOG[position - 1].check if 5 <= position <= self.cursor.position else None

    def hint(self, first: int, last: int) -> None:
        self.announced.add_hint(LOG[first - 1 : last], follows(first))

    def own(self, first: int, last: int) -> None:
        self.announced.add(LOG[first - 1 : last], follows(first))

    def take(self) -> Taken:
        return self.announced.take(self.cursor, self.check_at)

    def fresh(self) -> list[int]:
        taken = self.take()
        assert not taken.contradictions
        return [event.position for event in taken.fresh]


def test_reordered_doubled_and_overlapping_hints_make_one_sequence() -> None:
    delivered = Delivered(10)
    for first, last in [(14, 15), (11, 12), (13, 13), (11, 12), (12, 14), (9, 10), (8, 16)]:
        delivered.hint(first, last)
    assert delivered.fresh() == [11, 12, 13, 14, 15, 16]
    assert delivered.fresh() == [], "they are taken once"


def test_own_events_and_hints_fill_the_gaps_of_each_other() -> None:
    delivered = Delivered(10)
    delivered.own(12, 12)
    delivered.hint(11, 11)
    delivered.hint(13, 13)
    assert delivered.announced.has_own
    taken = delivered.take()
    assert ([event.position for event in taken.fresh], taken.has_hints) == ([11, 12, 13], True)
    assert not delivered.announced.has_own


def test_what_comes_after_a_gap_waits_and_may_be_put_back() -> None:
    delivered = Delivered(10)
    delivered.hint(13, 14)
    delivered.own(12, 12)
    taken = delivered.take()
    assert (taken.fresh, [one.is_own for one in taken.later]) == ([], [True, False])
    delivered.announced.put_back(taken.later)
    delivered.hint(11, 11)
    assert delivered.fresh() == [11, 12, 13, 14]


def test_another_event_at_a_delivered_position_is_a_contradiction() -> None:
    delivered = Delivered(10)
    delivered.announced.add_hint(OTHER[9:10], follows(10))
    delivered.announced.add_hint(OTHER[8:12], follows(9))
    delivered.announced.add_hint(OTHER[10:11], OTHER[9].check)
    delivered.announced.add(OTHER[1:2], follows(2))
    taken = delivered.take()
    assert not taken.fresh
    assert sorted(one.first for one in taken.contradictions) == [2, 9, 10, 11]


def test_hint_of_a_position_that_is_no_longer_known_is_an_old_one_but_an_own_commit_is_not() -> None:
    delivered = Delivered(10)
    delivered.announced.add_hint(OTHER[1:2], None)
    assert delivered.take() == Taken([], [], [], has_hints=False)
    delivered.own(2, 2)
    assert [one.first for one in delivered.take().contradictions] == [2]


def test_two_hints_that_contradict_each_other_are_never_both_taken() -> None:
    delivered = Delivered(10)
    delivered.hint(11, 12)
    delivered.announced.add_hint(OTHER[11:13], LOG[10].check)
    taken = delivered.take()
    assert ([event.check for event in taken.fresh], len(taken.contradictions)) == (
        [LOG[10].check, LOG[11].check],
        1,
    )


def test_hints_take_a_bounded_amount_of_memory_and_the_newest_position_is_kept() -> None:
    announced = Announcements()
    big = module.MAX_HINTED_BYTES // 4
    for position in range(1, 10):
        announced.add_hint([event(position, size_bytes=big)], None)
    assert announced.hinted_head == 9
    assert len(announced.take(Cursor("e", 0), lambda _: None).fresh) <= 4
    for position in range(1, module.MAX_HINTS + 3):
        announced.add_hint([event(position)], None)
    assert announced.hinted_head == module.MAX_HINTS + 2


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)).map(sorted)), st.randoms())
def test_whatever_true_hints_arrive_they_are_taken_once_and_in_order(
    spans: list[list[int]], order: random.Random
) -> None:
    order.shuffle(spans)
    delivered = Delivered(10)
    for first, last in spans:
        delivered.hint(first, last)
    taken = delivered.take()
    positions = [event.position for event in taken.fresh]
    assert positions == list(range(11, 11 + len(positions)))
    assert taken.fresh == LOG[10 : 10 + len(positions)]
    assert not taken.contradictions
    reachable = 10
    for first, last in sorted(spans):
        reachable = max(reachable, last) if first <= reachable + 1 else reachable
    assert len(positions) <= reachable - 10 or not spans
