"""Page: some users of due pushes, from what decides to what is written about them.

Promises: a constant number of queries, however many users a page has; whoever has read a notification before
the decision does not get it; what the dispatcher has taken is written as soon as the database is there again,
before anything else is pushed to the same users.

Not here: which users a page has (`worker`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.database import Database
from lumen_notify.commit.push.due import Device
from lumen_notify.commit.push.facts import FactReader, Facts, Question
from lumen_notify.commit.push.outbox import Showing
from lumen_notify.commit.push.progress import AdvancePushes, Progress, PushOutcome, WaitingKey, WaitingRow
from lumen_notify.model import value
from lumen_notify.push.pages.decision import WAITING_REASONS, Candidate, Rules, counts, decide, limit_until
from lumen_notify.push.pages.defect import given_up
from lumen_notify.push.pages.deliveries import DeliveryBuilder, audience_of
from lumen_notify.push.pages.entries import Entry, Group, Passing, Sending, grouped
from lumen_notify.push.pages.payload import ContentLevel
from lumen_notify.push.pages.results import outcome_of, results_of
from lumen_notify.push.pages.room_messages import NewMessages, load_room_messages
from lumen_notify.push.pages.turns import in_turns
from lumen_notify.push.pages.withdrawal import withdrawals
from lumen_notify.push.push import Delivery, Result

OpenStreams = Callable[[Sequence[str]], Awaitable[Mapping[str, Collection[str | None]]]]
"""Returns the kinds of device of users' open streams, None for one that has no kind. Users without an open
stream are missing."""


class Dispatches(Protocol):
    """Hands pushes over: the dispatcher."""

    async def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Hand over some pushes, and return what became of each, in the same order."""


@value
class Page:
    """Some users of due pushes. devices: of all users, by user. progress: of the pushes, once the page is
    done. waited: rows that are decided about, and when each was due; those of entries are among them."""

    entries: Sequence[Entry]
    devices: Mapping[str, Sequence[Device]]
    progress: tuple[Progress, ...] = ()
    waited: tuple[tuple[WaitingKey, int], ...] = ()


@dataclass(slots=True)
class _Plan:
    """What is decided about a page. position: of the log before it was."""

    groups: list[Group] = field(default_factory=list)
    waiting: list[WaitingRow] = field(default_factory=list)
    outcomes: list[PushOutcome] = field(default_factory=list)
    position: int = 0
    reserved: Counter[tuple[str, str]] = field(default_factory=Counter)


class Pages:
    """Decides about pages, and pushes them. submit: commits a command; it waits for the database.
    clock: milliseconds."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatches,
        submit: Callable[[Any], Awaitable[Any]],
        streams: OpenStreams,
        clock: Callable[[], int],
        *,
        rules: Rules,
        content_level: ContentLevel,
    ) -> None:
        self._reader = FactReader(database)
        self._counts = UnreadCounts(database)
        self._builder = DeliveryBuilder(self._reader, self._counts, content_level=content_level)
        self._dispatcher = dispatcher
        self._submit = submit
        self._streams = streams
        self._clock = clock
        self._rules = rules
        self._reserved: Counter[tuple[str, str]] = Counter()

    async def push(self, page: Page) -> bool:
        """Decide about a page, push it, and write what became of it; return whether another instance has done
        a part of it. Raises DatabaseUnavailable before anything is pushed."""
        now = self._clock()
        plan = await self._plan(page, now)
        try:
            sendings, removed = await self._builder.build(plan.groups, now)
            plan.outcomes += [outcome_of(entry, "removed") for entry in removed]
            taken_off = [entry for entry in page.entries if entry.push.kind == "withdrawal"]
            withdrawn = await withdrawals(
                self._reader, self._counts, [(entry, self._devices(page, entry)) for entry in taken_off]
            )
            return await self._hand_over(page, plan, [*sendings, *withdrawn])
        finally:
            self._reserved -= plan.reserved

    async def give_up(self, page: Page) -> bool:
        """Write that a page fails by a defect, so that it is not tried again; return as `push`."""
        is_behind: bool = await self._submit(given_up(page.entries, page.devices, page.progress, page.waited))
        return is_behind

    async def _hand_over(self, page: Page, plan: _Plan, sendings: Sequence[Sending]) -> bool:
        results: Sequence[Result] = ()
        if sendings:
            results = await self._dispatcher.dispatch([one.delivery for one in sendings])
        written = results_of(sendings, results, self._clock())
        counted = {
            (one.delivery.push_id, one.delivery.target.user_id, one.category or "")
            for one in sendings
            if _is_counted(one)
        }
        is_behind: bool = await self._submit(
            AdvancePushes(
                decided_position=plan.position,
                progress=page.progress,
                waited=page.waited,
                waiting=(*plan.waiting, *written.waiting),
                devices=written.devices,
                showing=tuple(dict.fromkeys(map(_showing, (one for one in sendings if one.shown)))),
                dead_letters=written.dead_letters,
                outcomes=(*plan.outcomes, *written.outcomes),
                pushed=tuple(sorted(counted)),
                max_per_hour=self._rules.max_per_hour,
            )
        )
        return is_behind

    async def _plan(self, page: Page, now: int) -> _Plan:
        entries = [entry for entry in page.entries if entry.push.kind != "withdrawal"]
        users = sorted({entry.user_id for entry in entries})
        messages = await load_room_messages(self._reader, (entry.push for entry in entries), users)
        watched = sorted({entry.user_id for entry in entries if entry.push.policy == "offline"})
        streams = await self._streams(watched) if watched else {}
        plan = _Plan(position=await self._reader.position())
        # The last look, so that what was read until now is not pushed.
        facts = await self._reader.facts([_question(entry) for entry in entries], now)
        passing: list[Passing] = []
        async for entry, known in in_turns(zip(entries, facts, strict=True)):
            devices = self._devices(page, entry)
            new: NewMessages | None = None
            if entry.push.kind == "messages":
                room = messages.get(entry.push.id)
                new = None if room is None else room.new_to(entry.user_id, known.last_read_seq)
            candidate = Candidate(
                push=entry.push,
                user_id=entry.user_id,
                facts=known,
                device_kinds=[one.kind for one in devices],
                streams=streams.get(entry.user_id, ()),
                is_due=entry.waited is not None,
                messages=None if entry.push.kind != "messages" else 0 if new is None else new.count,
            )
            decision = decide(candidate, self._rules, now)
            if decision.word == "pushed":
                devices = [one for one in devices if counts(one.kind, entry.push)]
                passing.append(Passing(entry=entry, facts=known, devices=devices, messages=new))
            else:
                _note(plan, entry, known, decision.word, decision.due_at)
        async for group in in_turns(grouped(passing)):
            self._limit(plan, group, now)
        return plan

    def _limit(self, plan: _Plan, group: Group, now: int) -> None:
        """Let a group wait if its user has had as many pushes of its category as the limit."""
        if group.entry.is_retry or group.priority == "urgent":
            plan.groups.append(group)
            return
        key = group.user_id, group.category or ""
        facts = group.first.facts
        due_at = limit_until([*facts.pushed_at, *[now] * self._reserved[key]], self._rules, now)
        if due_at is None:
            self._reserved[key] += 1
            plan.reserved[key] += 1
            plan.groups.append(group)
            return
        for part in group.parts:
            _note(plan, part.entry, part.facts, "limit", max(due_at, part.facts.bundle_due_at or 0))

    def _devices(self, page: Page, entry: Entry) -> Sequence[Device]:
        devices = page.devices.get(entry.user_id, ())
        return [one for one in devices if one.id == entry.device_id] if entry.device_id else devices


def _question(entry: Entry) -> Question:
    push, audience = entry.push, audience_of(entry)
    return Question(
        user_id=entry.user_id,
        notification_id=entry.notification_id,
        audience=audience,
        room_id=push.room_id or (push.audience.room_id if push.audience is not None else None),
        sender_id=push.sender_id,
        category=push.category,
    )


def _note(plan: _Plan, entry: Entry, facts: Facts, word: str, due_at: int | None) -> None:
    """Take down that an entry is not pushed now. due_at: when it is decided again, None for never."""
    plan.outcomes.append(outcome_of(entry, word))
    if due_at is None:
        return
    waited = entry.waited
    plan.waiting.append(
        WaitingRow(
            key=entry.key(),
            category=facts.category,
            reason=WAITING_REASONS[word],
            due_at=due_at,
            collapse_key=None if waited is None else waited.collapse_key,
            attempts=0 if waited is None else waited.attempts,
            tried_at=None if waited is None else waited.tried_at,
        )
    )


def _showing(sending: Sending) -> Showing:
    push = sending.entries[0].push
    return Showing(user_id=sending.entries[0].user_id, audience=push.audience, room_id=push.room_id)


def _is_counted(sending: Sending) -> bool:
    return not (
        sending.is_silent or sending.delivery.push.priority == "urgent" or sending.entries[0].is_retry
    )
