"""RemovedFrame: the counts of each user fall by what they had not read."""

from __future__ import annotations

import json

import pytest

from lumen_notify.deliver.frames import RemovedFrame, frame_of
from lumen_notify.model import Audience, Counts, Event, to_json

from .events import read_one

GONE: list[tuple[str, str, int]] = [("a", "like", 2), ("b", "like", 5), ("c", "follow", 6)]


def gone(audience: str) -> RemovedFrame:
    body = to_json({"data": {"ids": ["a", "b", "c"]}, "gone": GONE})
    event = Event(
        position=7, audience=Audience(audience), kind="expire", category=None, body=body, created_at=0
    )
    frame = frame_of(event, "e")
    assert isinstance(frame, RemovedFrame)
    return frame


@pytest.mark.parametrize(
    ("audience", "read", "since", "silent", "left"),
    [
        ("all", [], {}, [], {"like": 1, "other": 1}),
        ("all", ["b"], {}, [], {"like": 2, "other": 1}),
        ("all", ["a", "b", "c"], {}, [], {"like": 3, "follow": 1, "other": 1}),
        ("all", [], {}, ["follow"], {"like": 1, "follow": 1, "other": 1}),
        ("room:r", [], {"r": 1}, [], {"like": 1, "other": 1}),
        ("room:r", [], {"r": 2}, [], {"like": 2, "other": 1}),
        ("room:r", ["c"], {"r": 5}, [], {"like": 3, "follow": 1, "other": 1}),
    ],
)
def test_removal_subtracts_what_the_user_had_not_read(
    audience: str, read: list[str], since: dict[str, int], silent: list[str], left: dict[str, int]
) -> None:
    before = Counts({"like": 3, "follow": 1, "other": 1}, since, frozenset(silent), since)
    frame = gone(audience)
    frame.readers = {"ann": frozenset(read)}
    after, chunks = frame.apply(before, "ann")
    assert after.categories == left
    fields = json.loads(read_one(chunks)["data"])
    assert fields["unread_count"] == after.total
    assert fields["data"]["ids"] == [id_ for id_, _, position in GONE if position > since.get("r", 0)]


@pytest.mark.parametrize(
    ("since", "shown_ids"), [({"r": 5}, ["c"]), ({}, ["a", "b", "c"]), ({"r": 8}, ["a", "b", "c"])]
)
def test_replay_names_what_was_published_since_the_user_joined_the_room(
    since: dict[str, int], shown_ids: list[str]
) -> None:
    shown = gone("room:r").render_replay(Counts({}, {}, frozenset(), since), "ann")
    assert json.loads(read_one(shown)["data"])["data"] == {"ids": shown_ids}


def test_frame_cannot_be_applied_to_a_user_whose_reads_are_unknown() -> None:
    frame = gone("all")
    assert frame.requires_recount
    assert frame.ids == ["a", "b", "c"]
    with pytest.raises(KeyError):
        frame.apply(Counts({}, {}), "ann")
