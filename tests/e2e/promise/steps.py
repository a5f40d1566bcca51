"""Steps: what may happen in one run, as values that Hypothesis draws and shrinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from hypothesis import strategies as st

from clients import MARKS

USERS = ("ann", "bob", "cyd")
CATEGORIES = ("like", "comment", "system")
ROOMS = ("one", "two")

MAX_CLIENTS = 8
MAX_KEPT_STATES = 6

Role = Literal["owner", "moderator", "member", "muted"]
Kind = Literal["public", "private"]
Way = Literal["ids", "category", "up_to", "category and up_to", "all", "put"]
Place = Literal["header", "last_event_id", "lastEventId"]


# ------------------------------------------------------------------------------------------ notifications
@dataclass(frozen=True)
class Publish:
    """to: None for everyone. room: for the members of which room instead, None for none. number: of
    notifications in the batch, 0 for one that is not in a list. is_mixed: every second one is for everyone.
    key: which Idempotency-Key; the first publish with it decides the body. after_seconds: until it leaves,
    lasting_seconds: from then on to its end; None: at once, for ever. group: which group key. is_low: of low
    priority, for the next bundle of those who want bundles."""

    sender: str
    to: tuple[str, ...] | None
    category: str
    number: int = 1
    is_mixed: bool = False
    key: int | None = None
    after_seconds: int | None = None
    lasting_seconds: int | None = None
    group: int | None = None
    room: int | None = None
    is_low: bool = False


@dataclass(frozen=True)
class Cancel:
    """pick: which of those that wait."""

    sender: str
    pick: int


@dataclass(frozen=True)
class Mark:
    """by: how many of the newest; the numbers below 0 stand for ids that are not the user's."""

    user: str
    action: str
    by: Way
    picks: tuple[int, ...]
    category: str


@dataclass(frozen=True)
class Prefer:
    """None: as it is without a choice."""

    user: str
    category: str
    in_app: bool | None
    muted: bool | None


@dataclass(frozen=True)
class Digest:
    """Whether what is of low priority comes in bundles, every five minutes."""

    user: str
    is_on: bool


@dataclass(frozen=True)
class Pass:
    """The clock goes on: what is due leaves, what has had its time goes."""

    seconds: int


# -------------------------------------------------------------------------------------------------- rooms
@dataclass(frozen=True)
class Make:
    """room: None for a direct one, with the first of the members."""

    user: str
    room: str | None
    kind: Kind
    members: tuple[str, ...]


@dataclass(frozen=True)
class Admit:
    """Join, let in, or give a role."""

    caller: str
    room: int
    user: str
    role: Role | None


@dataclass(frozen=True)
class Dismiss:
    """Leave, or put out."""

    caller: str
    room: int
    user: str


@dataclass(frozen=True)
class Say:
    """client_id: which; what has the same by the same sender in the same room is said once."""

    sender: str
    room: int
    client_id: int | None
    mentions: tuple[str, ...]


@dataclass(frozen=True)
class OfMessage:
    """back: which message of the room, from the newest."""

    user: str
    room: int
    back: int


class ReadUpTo(OfMessage):
    """So many of the newest stay unread."""


class Edit(OfMessage):
    """Let it say something else."""


class Withdraw(OfMessage):
    """Delete it: one's own, or another's as owner or moderator."""


@dataclass(frozen=True)
class Ban:
    """is_over: it ends."""

    caller: str
    room: int
    user: str
    is_over: bool


@dataclass(frozen=True)
class Rename:
    caller: str
    room: int


@dataclass(frozen=True)
class Close:
    """The room ends."""

    caller: str
    room: int


@dataclass(frozen=True)
class Whisper:
    """A direct message, in the room of the two."""

    sender: str
    to: str


@dataclass(frozen=True)
class Block:
    """is_over: it ends."""

    user: str
    other: str
    is_over: bool


# ------------------------------------------------------------------------------------------------ streams
@dataclass(frozen=True)
class Connect:
    """cursor: which. text: of a cursor that is garbage. pick: which of the states that were kept.
    is_handed_over: the fast path of our own server, or the one that works on any ASGI server.
    is_amid: it comes in the middle of a fan-out, if there is one."""

    user: str
    cursor: Literal["none", "kept", "beginning", "foreign", "future", "garbage"] = "none"
    by: Place = "header"
    pick: int = 0
    text: str = ""
    is_handed_over: bool = True
    is_amid: bool = False


@dataclass(frozen=True)
class Disconnect:
    pick: int


@dataclass(frozen=True)
class Ping:
    """All streams here get a ping, which moves their cursors past other people's events."""


Step = (
    Publish
    | Cancel
    | Mark
    | Prefer
    | Digest
    | Pass
    | Make
    | Admit
    | Dismiss
    | Say
    | ReadUpTo
    | Edit
    | Withdraw
    | Ban
    | Rename
    | Close
    | Whisper
    | Block
    | Connect
    | Disconnect
    | Ping
)

About = TypeVar("About", bound=OfMessage)


def of_message(kind: type[About]) -> st.SearchStrategy[About]:
    return st.builds(kind, user=users, room=rooms, back=a_few)


users = st.sampled_from(USERS)
categories = st.sampled_from(CATEGORIES)
a_few = st.integers(0, 3)
rooms = st.integers(0, 3)
somebody = st.lists(users, min_size=1, max_size=3, unique=True).map(tuple)
some_users = st.lists(users, max_size=2, unique=True).map(tuple)
garbage = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        ["EPOCH-", "EPOCH--1", "EPOCH-007", "EPOCH-1e3", "EPOCH-" + "9" * 19, "EPOCH", "-1", "0", " "]
    ),
)
publishes = st.builds(
    Publish,
    sender=users,
    to=st.none() | somebody,
    category=categories,
    number=a_few,
    is_mixed=st.booleans(),
    key=st.none() | st.integers(0, 2),
)
timed = st.builds(
    Publish,
    sender=users,
    to=st.none() | somebody,
    category=categories,
    after_seconds=st.none() | st.sampled_from([1, 30, 60]),
    lasting_seconds=st.none() | st.sampled_from([1, 45, 90]),
)
grouped = st.builds(
    Publish,
    sender=users,
    to=somebody,
    category=categories,
    number=a_few,
    after_seconds=st.none() | st.just(30),
    lasting_seconds=st.none() | st.just(90),
    group=st.integers(0, 1),
    is_low=st.booleans(),
)
low = st.builds(
    Publish,
    sender=users,
    to=somebody,
    category=categories,
    number=a_few,
    lasting_seconds=st.none() | st.sampled_from([45, 400]),
    is_low=st.just(True),
)
to_rooms = st.builds(
    Publish,
    sender=users,
    to=st.just(()),
    category=categories,
    room=rooms,
    after_seconds=st.none() | st.just(30),
    lasting_seconds=st.none() | st.just(45),
)
cancels = st.builds(Cancel, sender=users, pick=a_few)
marks = st.builds(
    Mark,
    user=users,
    action=st.sampled_from(MARKS),
    by=st.sampled_from(get_args(Way)),
    picks=st.lists(st.integers(-2, 12), min_size=1, max_size=4).map(tuple),
    category=categories,
)
choices = st.sampled_from([None, True, False])
prefers = st.builds(Prefer, user=users, category=categories, in_app=choices, muted=choices)
digests = st.builds(Digest, user=users, is_on=st.sampled_from([True, True, False]))
passes = st.builds(Pass, seconds=st.sampled_from([1, 40, 70, 310]))
makes = st.builds(
    Make,
    user=users,
    room=st.sampled_from([*ROOMS, None]),
    kind=st.sampled_from(get_args(Kind)),
    members=some_users,
)
admits = st.builds(
    Admit,
    caller=users,
    room=rooms,
    user=users,
    role=st.sampled_from([None, None, "member", "owner", "moderator", "muted"]),
)
joins = users.flatmap(
    lambda user: st.builds(Admit, caller=st.just(user), room=rooms, user=st.just(user), role=st.none())
)
dismissals = st.builds(Dismiss, caller=users, room=rooms, user=users)
leaves = users.flatmap(lambda user: st.builds(Dismiss, caller=st.just(user), room=rooms, user=st.just(user)))
sayings = st.builds(
    Say, sender=users, room=rooms, client_id=st.none() | st.integers(0, 1), mentions=some_users
)
reads = of_message(ReadUpTo)
edits = of_message(Edit)
withdrawals = of_message(Withdraw)
bans = st.builds(Ban, caller=users, room=rooms, user=users, is_over=st.booleans())
renames = st.builds(Rename, caller=users, room=rooms)
closings = st.builds(Close, caller=users, room=rooms)
whispers = st.builds(Whisper, sender=users, to=users)
blocks = st.builds(Block, user=users, other=users, is_over=st.booleans())
connects = st.builds(
    Connect,
    user=users,
    cursor=st.sampled_from(["kept", "none", "beginning", "kept", "foreign", "future", "garbage"]),
    by=st.sampled_from(get_args(Place)),
    pick=st.integers(0, MAX_KEPT_STATES),
    text=garbage,
    is_handed_over=st.booleans(),
    is_amid=st.booleans(),
)
disconnects = st.builds(Disconnect, pick=st.integers(0, MAX_CLIENTS))

marks_of_all = st.builds(
    Mark,
    user=users,
    action=st.sampled_from(["read", "archive", "unread", "unarchive"]),
    by=st.just("all"),
    picks=st.just((0,)),
    category=st.just("like"),
)


def _story(*kinds: st.SearchStrategy[Step], end: int) -> st.SearchStrategy[list[Step]]:
    """Draw steps that meet each other, and the time after which their end has come."""
    middle = st.lists(st.one_of(*kinds), min_size=3, max_size=8)
    return middle.map(lambda story: [*story, Pass(seconds=end)])


merging = st.builds(
    Publish,
    sender=users,
    to=st.just(("ann", "bob")),
    category=st.just("like"),
    group=st.integers(0, 1),
)
bundling = st.builds(
    Publish,
    sender=users,
    to=st.just(("ann", "bob")),
    category=categories,
    number=st.integers(1, 2),
    group=st.none() | st.just(0),
    lasting_seconds=st.none() | st.just(45),
    is_low=st.just(True),
)
ending = st.builds(
    Publish,
    sender=users,
    to=st.none() | st.just(("ann", "bob")),
    category=categories,
    lasting_seconds=st.sampled_from([1, 45]),
)
guests = st.sampled_from(["bob", "cyd"])
in_first_room: list[st.SearchStrategy[Step]] = [
    st.builds(Admit, caller=st.just("ann"), room=st.just(0), user=guests, role=st.none()),
    guests.flatmap(
        lambda user: st.builds(Dismiss, caller=st.just(user), room=st.just(0), user=st.just(user))
    ),
    st.builds(Say, sender=users, room=st.just(0), client_id=st.none(), mentions=st.just(())),
    st.builds(
        Publish,
        sender=st.just("ann"),
        to=st.just(()),
        category=categories,
        room=st.just(0),
        lasting_seconds=st.none() | st.just(45),
    ),
]
stories: st.SearchStrategy[list[Step]] = st.one_of(
    _story(merging, merging, marks_of_all, end=1),
    _story(merging, merging, marks_of_all, st.just(Pass(seconds=1)), end=1),
    _story(
        bundling,
        bundling,
        marks_of_all,
        st.builds(Digest, user=st.just("ann"), is_on=st.just(True)),
        end=310,
    ),
    _story(ending, ending, marks_of_all, end=70),
    _story(*in_first_room, marks_of_all, end=70),
)
"""What hardly comes together by chance."""

in_inboxes: st.SearchStrategy[Step] = st.one_of(
    *(publishes, marks, timed, grouped, low, cancels, prefers, digests, passes, passes)
)
in_rooms: st.SearchStrategy[Step] = st.one_of(
    *(makes, admits, joins, dismissals, leaves, bans, renames, closings, to_rooms),
    *(sayings, sayings, sayings, reads, reads, edits, withdrawals, whispers, blocks),
)
on_streams: st.SearchStrategy[Step] = st.one_of(connects, connects, disconnects, st.just(Ping()))
steps: st.SearchStrategy[Step] = st.one_of(in_inboxes, in_rooms, on_streams)
