"""The replay memory: an answer is complete, or None."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver import replay as module
from lumen_notify.deliver.frames import NOT_SHOWN, Frame
from lumen_notify.deliver.replay import Entry, Replay
from lumen_notify.model import EVERYONE, LIST, Audience, Counts, Event, to_json
from lumen_notify.model.shared_text import SharedText

AUDIENCES = ("user:ann", "user:bob", "all")


def event_at(position: int, audience: str = "all", size: int = 10) -> Event:
    return Event(
        position=position,
        audience=Audience(audience),
        kind="notification",
        category="like",
        body=f'"{"x" * size}"',
        created_at=0,
    )


def entry(position: int, audience: str = "all", size: int = 10) -> Entry:
    return Entry(event_at(position, audience, size), "e")


def positions(found: list[Frame] | None) -> list[int] | None:
    return None if found is None else [one.position for one in found]


@given(
    start=st.integers(0, 5),
    batches=st.lists(st.lists(st.sampled_from(AUDIENCES), min_size=1, max_size=5), max_size=8),
    max_events=st.integers(0, 12),
    asked=st.sets(st.sampled_from(AUDIENCES)),
)
def test_answer_is_complete_and_in_order_or_none(
    start: int, batches: list[list[str]], max_events: int, asked: set[str]
) -> None:
    replay = Replay(position=start, max_events=max_events)
    log: list[tuple[int, str]] = []
    for audiences in batches:
        new = [(start + len(log) + number, audience) for number, audience in enumerate(audiences, start=1)]
        log += new
        replay.append([entry(position, audience) for position, audience in new])
        assert replay.floor == start + max(0, len(log) - max_events)
        for since in range(start - 1, start + len(log) + 2):
            found = positions(replay.frames_after(since, sorted(map(Audience, asked))))
            if since < replay.floor:
                assert found is None
            else:
                assert found == [position for position, of in log if of in asked and position > since]


def test_frames_are_dropped_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    one = entry(1, size=1000).size_bytes
    monkeypatch.setattr(module, "MAX_BYTES", 3 * one)
    replay = Replay(position=0, max_events=1000)
    replay.append([entry(position, size=1000) for position in range(1, 6)])
    assert replay.floor == 2
    assert positions(replay.frames_after(2, [Audience("all")])) == [3, 4, 5]
    assert replay.frames_after(1, [Audience("all")]) is None
    replay.append([entry(6, size=9000)])
    assert replay.floor == 6, "an event that exceeds the bound alone is not kept"
    assert positions(replay.frames_after(6, [Audience("all")])) == []


def test_audience_whose_frames_are_dropped_takes_no_memory() -> None:
    replay = Replay(position=0, max_events=2)
    replay.append([entry(1, "user:ann"), entry(2, "user:bob"), entry(3, "user:bob")])
    assert list(replay._newest) == ["user:bob"]
    assert positions(replay.frames_after(1, [Audience("user:ann")])) == []


TEXTS = {
    "ascii": "x" * 4000,
    "emoji": "\N{GRINNING FACE}" * 1000,
    "mixed": "\N{GRINNING FACE}" + "x" * 4000,
    "chinese": "\u4f60" * 1300,
}


def text_entry(position: int, kind: str, text: str) -> Entry:
    content = to_json(text)
    bodies = {
        "notification": ("all", f'{{"content":{content}}}'),
        "message": ("room:r", f'{{"data":{{"content":{content}}},"sender_id":"ann"}}'),
        "message_edited": ("room:r", f'{{"data":{{"room_id":"r","content":{content}}}}}'),
    }
    audience, body = bodies[kind]
    return Entry(
        Event(
            position=position,
            audience=Audience(audience),
            kind=kind,
            category="like" if kind == "notification" else None,
            body=body,
            created_at=0,
        ),
        "e",
    )


@pytest.mark.parametrize("kind", ["notification", "message", "message_edited"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("is_built", [False, True])
def test_size_is_the_memory_that_is_taken_whatever_the_characters(
    kind: str, text: str, is_built: bool
) -> None:
    tracemalloc.start()
    try:
        replay = Replay(position=0, max_events=1000)
        replay.append([text_entry(position, kind, TEXTS[text]) for position in range(1, 101)])
        if is_built:
            replay.frames_after(0, [EVERYONE, Audience.room("r")])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.25 * replay.size_bytes < taken < replay.size_bytes


@pytest.mark.parametrize("is_built", [False, True])
def test_body_that_events_share_counts_once(is_built: bool) -> None:
    body = f'{{"content":"{"x" * 400_000}"}}'
    users = [Audience.user(f"u{number}") for number in range(100)]
    tracemalloc.start()
    try:
        replay = Replay(position=0, max_events=1000)
        replay.append(
            [
                Entry(
                    Event(
                        position=position,
                        audience=audience,
                        kind="notification",
                        category="like",
                        body=body,
                        created_at=0,
                        content_position=len(users),
                    ),
                    "e",
                )
                for position, audience in enumerate(users, start=1)
            ]
        )
        if is_built:
            for frame in replay.frames_after(0, users) or ():
                assert len(frame.render_replay(Counts({"like": 1}), "u")) > len(body)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert replay.size_bytes == len(body) + len(users) * module.ENTRY_BYTES
    assert taken < replay.size_bytes
    replay.append([entry(position) for position in range(101, 1101)])
    assert replay.size_bytes == 1000 * entry(1).size_bytes


def test_events_of_lists_are_those_of_their_users_until_they_were_read_again() -> None:
    replay = Replay(position=0, max_events=1000)
    to_both = replace(event_at(2, LIST), users=("ann", "bob"), body='{"id":"name"}')
    replay.append([entry(1), Entry(to_both, "e"), entry(3, "user:bob")])
    own_bytes = module.ENTRY_BYTES + len(to_both.body) + to_both.users_bytes
    assert replay.size_bytes == 2 * entry(1).size_bytes + own_bytes

    def positions(user: str) -> list[int] | None:
        frames = replay.frames_after(0, [Audience.user(user), EVERYONE])
        return None if frames is None else [frame.position for frame in frames]

    assert [positions(user) for user in ("ann", "bob", "cyd")] == [[1, 2], [1, 2, 3], [1]]
    replay.drop_rewritten([2])
    assert [positions(user) for user in ("ann", "bob", "cyd")] == [None, None, [1]]
    replay.replace([2], [replace(to_both, withdrawn=frozenset(["bob"]))])
    frame = (replay.frames_after(0, [Audience.user("bob"), EVERYONE]) or [])[1]
    shown = [frame.render_replay(Counts({"like": 1}), user) != NOT_SHOWN for user in ("ann", "bob")]
    assert shown == [True, False]


@pytest.mark.parametrize("kind", ["notification", "update"])
@pytest.mark.parametrize("is_built", [False, True])
def test_text_that_events_share_counts_once(kind: str, is_built: bool) -> None:
    users = [Audience.user(f"u{number}") for number in range(100)]
    tracemalloc.start()
    try:
        text = SharedText(id="t", text=f'"content":"{"x" * 400_000}"')
        own = {"id": "n", "category": "like", "text_id": "t", "created_at": "now"}
        body = to_json(
            own if kind == "notification" else {"data": own, "categories": {"like": 1}, "rooms": {}}
        )
        replay = Replay(position=0, max_events=1000)

        def shared(position: int, audience: Audience) -> Event:
            return Event(
                position=position,
                audience=audience,
                kind=kind,
                category="like",
                body=body,
                created_at=0,
                shared=(text,),
            )

        replay.append([Entry(shared(*one), "e") for one in enumerate(users, start=1)])
        if is_built:
            for frame in replay.frames_after(0, users) or ():
                assert len(frame.render_replay(Counts({"like": 1}), "u")) > len(text.text)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    each = module.ENTRY_BYTES + module.PIECES_BYTES + len(body)
    assert replay.size_bytes == len(text.text) + len(users) * each
    assert taken < replay.size_bytes
    replay.drop_rewritten([1, 2])
    replay.replace([1, 2], [shared(1, users[0]), replace(shared(2, users[1]), body="{}", shared=())])
    assert replay.size_bytes == len(text.text) + 99 * each + module.ENTRY_BYTES + 2
    replay.append([entry(position) for position in range(101, 1101)])
    assert replay.size_bytes == 1000 * entry(1).size_bytes


@pytest.mark.parametrize("kind", ["notification", "message", "message_edited"])
def test_streams_that_open_leave_nothing_behind_in_the_frames_that_they_replay(kind: str) -> None:
    found = _replay_of(text_entry(1, kind, TEXTS["ascii"])).frames_after(0, [EVERYONE, Audience.room("r")])
    assert found is not None
    (frame,) = found
    frame.render_replay(Counts({"like": 1}, {"r": 1}), "bob")
    tracemalloc.start()
    try:
        for number in range(200):
            assert frame.render_replay(Counts({"like": number}, {"r": number}), "bob")
            frame.apply(Counts({"like": number}, {"r": number}), "bob")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 20_000


def _replay_of(*entries: Entry) -> Replay:
    replay = Replay(position=0, max_events=1000)
    replay.append(entries)
    return replay


def test_rewritten_event_is_not_served_until_it_was_read_again() -> None:
    replay = Replay(position=0, max_events=100)
    replay.append([entry(1), entry(2, "user:ann"), entry(3)])
    size = replay.size_bytes

    replay.drop_rewritten([2, 3, 9])

    assert replay.outdated == {2, 3}
    assert replay.frames_after(1, [Audience("user:ann")]) is None
    assert positions(replay.frames_after(0, [Audience("user:bob")])) == []
    assert positions(replay.frames_after(2, [Audience("user:ann")])) == []
    again = [one._content for one in (entry(2, "user:ann", size=20), entry(3, size=30))]
    replay.replace([2, 3], [event for event in again if isinstance(event, Event)])
    assert replay.outdated == set()
    assert positions(replay.frames_after(0, [Audience("user:ann"), Audience("all")])) == [1, 2, 3]
    assert replay.size_bytes == size + sum(len("x") * n for n in (10, 20))


def test_rewritten_event_that_was_trimmed_is_dropped_with_those_before_it() -> None:
    replay = Replay(position=0, max_events=100)
    replay.append([entry(1), entry(2), entry(3)])
    replay.drop_rewritten([2])
    replay.replace([2], [])
    assert replay.floor == 2
    assert replay.outdated == set()
    assert replay.frames_after(1, [Audience("all")]) is None
    assert positions(replay.frames_after(2, [Audience("all")])) == [3]
