"""Steps: the actions of a run, as values that Hypothesis draws and shrinks."""

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
Selection = Literal["ids", "category", "up_to", "category and up_to", "all", "put"]
CursorPlace = Literal["header", "last_event_id", "lastEventId"]


# ------------------------------------------------------------------------------------------ notifications
@dataclass(frozen=True)
class PublishNotifications:
    """Publish one or more notifications.

    to: users; None for everyone. room: the members of a room instead; None for no room. number: notifications
    in the batch; 0 sends one that is not in a list. is_mixed: every second one is for everyone. key: the
    number of an Idempotency-Key; the first publish with it determines the body. after_seconds: until
    delivery; lasting_seconds: from then to expiry; None: immediately, never. group: the number of a group
    key. is_low: low priority, for the next bundle of users with digests.
    """

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
class CancelScheduled:
    """Cancel a scheduled notification. pick: which one."""

    sender: str
    pick: int


@dataclass(frozen=True)
class MarkNotifications:
    """Mark notifications as read, unread and so on.

    by: the kind of selection. picks: indexes from the newest; numbers below 0 stand for ids that are not the
    user's.
    """

    user: str
    action: str
    by: Selection
    picks: tuple[int, ...]
    category: str


@dataclass(frozen=True)
class ChangePublication:
    """Change a notification that is in a user's list, or is scheduled: for all to whom it goes.

    sender: who asks; only its publisher may. pick: an index from the newest; beyond the list, of those that
    are scheduled.
    """

    sender: str
    of: str
    pick: int


@dataclass(frozen=True)
class TakeBack:
    """Take such a notification back. is_own: of a group only what the sender has sent."""

    sender: str
    of: str
    pick: int
    is_own: bool


@dataclass(frozen=True)
class SetPreference:
    """Change a preference. None: the default."""

    user: str
    category: str
    in_app: bool | None
    muted: bool | None


@dataclass(frozen=True)
class SetDigest:
    """Switch digests of low-priority notifications, every five minutes, on or off."""

    user: str
    is_on: bool


@dataclass(frozen=True)
class AdvanceClock:
    """Advance the clock, or set it back: due notifications are published, expired ones are removed."""

    seconds: int


# -------------------------------------------------------------------------------------------------- rooms
@dataclass(frozen=True)
class CreateRoom:
    """Create a room. room: None for a direct room with the first of the members."""

    user: str
    room: str | None
    kind: Kind
    members: tuple[str, ...]


@dataclass(frozen=True)
class AddMember:
    """Join, add a member, or change a role."""

    caller: str
    room: int
    user: str
    role: Role | None


@dataclass(frozen=True)
class RemoveMember:
    """Leave, or remove a member."""

    caller: str
    room: int
    user: str


@dataclass(frozen=True)
class SendMessage:
    """Send a message. client_id: a number; the same one by the same sender in the same room sends only
    once."""

    sender: str
    room: int
    client_id: int | None
    mentions: tuple[str, ...]


@dataclass(frozen=True)
class MessageStep:
    """A step about a message. back: its index from the newest."""

    user: str
    room: int
    back: int


class ReadRoom(MessageStep):
    """Mark the room as read, except for the newest `back` messages."""


@dataclass(frozen=True)
class ScheduleToRoom:
    """Schedule a notification to a room, as one of its moderators."""

    user: str
    room: int


@dataclass(frozen=True)
class ReadAllRooms:
    """Mark all rooms as read."""

    user: str


class EditMessage(MessageStep):
    """Change the content of a message."""


class DeleteMessage(MessageStep):
    """Delete a message: one's own, or another user's as owner or moderator."""


@dataclass(frozen=True)
class SetBan:
    """Ban a user from a room, or end the ban (`is_over`)."""

    caller: str
    room: int
    user: str
    is_over: bool


@dataclass(frozen=True)
class RenameRoom:
    caller: str
    room: int


@dataclass(frozen=True)
class DeleteRoom:
    """Delete a room."""

    caller: str
    room: int


@dataclass(frozen=True)
class SendDirectMessage:
    """Send a direct message."""

    sender: str
    to: str


@dataclass(frozen=True)
class SetBlock:
    """Block a user, or end the block (`is_over`)."""

    user: str
    other: str
    is_over: bool


# ------------------------------------------------------------------------------------------------ streams
@dataclass(frozen=True)
class Connect:
    """Open a stream.

    cursor: the kind of cursor. text: a garbage cursor. pick: the index of a kept state. is_handed_over: our
    server's fast path, or the one for any ASGI server. is_amid: in the middle of a fan-out, if one is
    running.
    """

    user: str
    cursor: Literal["none", "kept", "beginning", "foreign", "future", "garbage"] = "none"
    by: CursorPlace = "header"
    pick: int = 0
    text: str = ""
    is_handed_over: bool = True
    is_amid: bool = False


@dataclass(frozen=True)
class Disconnect:
    pick: int


@dataclass(frozen=True)
class PingStreams:
    """Send a ping to all streams, which moves their cursors past other users' events."""


Step = (
    PublishNotifications
    | CancelScheduled
    | MarkNotifications
    | ChangePublication
    | TakeBack
    | SetPreference
    | SetDigest
    | AdvanceClock
    | CreateRoom
    | AddMember
    | RemoveMember
    | SendMessage
    | ReadRoom
    | ReadAllRooms
    | ScheduleToRoom
    | EditMessage
    | DeleteMessage
    | SetBan
    | RenameRoom
    | DeleteRoom
    | SendDirectMessage
    | SetBlock
    | Connect
    | Disconnect
    | PingStreams
)

AnyMessageStep = TypeVar("AnyMessageStep", bound=MessageStep)


def of_message(kind: type[AnyMessageStep]) -> st.SearchStrategy[AnyMessageStep]:
    return st.builds(kind, user=users, room=rooms, back=a_few)


users = st.sampled_from(USERS)
categories = st.sampled_from(CATEGORIES)
a_few = st.integers(0, 3)
rooms = st.integers(0, 3)
one_or_more_users = st.lists(users, min_size=1, max_size=3, unique=True).map(tuple)
some_users = st.lists(users, max_size=2, unique=True).map(tuple)
garbage = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        ["EPOCH-", "EPOCH--1", "EPOCH-007", "EPOCH-1e3", "EPOCH-" + "9" * 19, "EPOCH", "-1", "0", " "]
    ),
)
publishes = st.builds(
    PublishNotifications,
    sender=users,
    to=st.none() | one_or_more_users,
    category=categories,
    number=a_few,
    is_mixed=st.booleans(),
    key=st.none() | st.integers(0, 2),
)
timed = st.builds(
    PublishNotifications,
    sender=users,
    to=st.none() | one_or_more_users,
    category=categories,
    after_seconds=st.none() | st.sampled_from([1, 30, 60]),
    lasting_seconds=st.none() | st.sampled_from([1, 45, 90]),
)
grouped = st.builds(
    PublishNotifications,
    sender=users,
    to=one_or_more_users,
    category=categories,
    number=a_few,
    after_seconds=st.none() | st.just(30),
    lasting_seconds=st.none() | st.just(90),
    group=st.integers(0, 1),
    is_low=st.booleans(),
)
low = st.builds(
    PublishNotifications,
    sender=users,
    to=one_or_more_users,
    category=categories,
    number=a_few,
    lasting_seconds=st.none() | st.sampled_from([45, 400]),
    is_low=st.just(True),
)
to_rooms = st.builds(
    PublishNotifications,
    sender=users,
    to=st.just(()),
    category=categories,
    room=rooms,
    after_seconds=st.none() | st.just(30),
    lasting_seconds=st.none() | st.just(45),
)
cancels = st.builds(CancelScheduled, sender=users, pick=a_few)
marks = st.builds(
    MarkNotifications,
    user=users,
    action=st.sampled_from((*MARKS, "delete")),
    by=st.sampled_from(get_args(Selection)),
    picks=st.lists(st.integers(-2, 12), min_size=1, max_size=4).map(tuple),
    category=categories,
)
changes = st.builds(ChangePublication, sender=users, of=users, pick=st.integers(0, 12))
takes_back = st.builds(TakeBack, sender=users, of=users, pick=st.integers(0, 12), is_own=st.booleans())
choices = st.sampled_from([None, True, False])
prefers = st.builds(SetPreference, user=users, category=categories, in_app=choices, muted=choices)
digests = st.builds(SetDigest, user=users, is_on=st.sampled_from([True, True, False]))
passes = st.builds(AdvanceClock, seconds=st.sampled_from([1, 40, 70, 310, -60]))
makes = st.builds(
    CreateRoom,
    user=users,
    room=st.sampled_from([*ROOMS, None]),
    kind=st.sampled_from(get_args(Kind)),
    members=some_users,
)
admits = st.builds(
    AddMember,
    caller=users,
    room=rooms,
    user=users,
    role=st.sampled_from([None, None, "member", "owner", "moderator", "muted"]),
)
joins = users.flatmap(
    lambda user: st.builds(AddMember, caller=st.just(user), room=rooms, user=st.just(user), role=st.none())
)
dismissals = st.builds(RemoveMember, caller=users, room=rooms, user=users)
leaves = users.flatmap(
    lambda user: st.builds(RemoveMember, caller=st.just(user), room=rooms, user=st.just(user))
)
sayings = st.builds(
    SendMessage, sender=users, room=rooms, client_id=st.none() | st.integers(0, 1), mentions=some_users
)
reads = of_message(ReadRoom)
schedules = st.builds(ScheduleToRoom, user=users, room=rooms)
reads_of_all = st.builds(ReadAllRooms, user=users)
edits = of_message(EditMessage)
withdrawals = of_message(DeleteMessage)
bans = st.builds(SetBan, caller=users, room=rooms, user=users, is_over=st.booleans())
renames = st.builds(RenameRoom, caller=users, room=rooms)
closings = st.builds(DeleteRoom, caller=users, room=rooms)
whispers = st.builds(SendDirectMessage, sender=users, to=users)
blocks = st.builds(SetBlock, user=users, other=users, is_over=st.booleans())
connects = st.builds(
    Connect,
    user=users,
    cursor=st.sampled_from(["kept", "none", "beginning", "kept", "foreign", "future", "garbage"]),
    by=st.sampled_from(get_args(CursorPlace)),
    pick=st.integers(0, MAX_KEPT_STATES),
    text=garbage,
    is_handed_over=st.booleans(),
    is_amid=st.booleans(),
)
disconnects = st.builds(Disconnect, pick=st.integers(0, MAX_CLIENTS))

marks_of_all = st.builds(
    MarkNotifications,
    user=users,
    action=st.sampled_from(["read", "archive", "unread", "unarchive", "delete"]),
    by=st.just("all"),
    picks=st.just((0,)),
    category=st.just("like"),
)


def _story(*kinds: st.SearchStrategy[Step], end: int) -> st.SearchStrategy[list[Step]]:
    """Draw steps that interact, followed by the time after which they have ended."""
    middle = st.lists(st.one_of(*kinds), min_size=3, max_size=8)
    return middle.map(lambda story: [*story, AdvanceClock(seconds=end)])


merging = st.builds(
    PublishNotifications,
    sender=users,
    to=st.just(("ann", "bob")),
    category=st.just("like"),
    group=st.integers(0, 1),
)
bundling = st.builds(
    PublishNotifications,
    sender=users,
    to=st.just(("ann", "bob")),
    category=categories,
    number=st.integers(1, 2),
    group=st.none() | st.just(0),
    lasting_seconds=st.none() | st.just(45),
    is_low=st.just(True),
)
ending = st.builds(
    PublishNotifications,
    sender=users,
    to=st.none() | st.just(("ann", "bob")),
    category=categories,
    lasting_seconds=st.sampled_from([1, 45]),
)
guests = st.sampled_from(["bob", "cyd"])
in_first_room: list[st.SearchStrategy[Step]] = [
    st.builds(AddMember, caller=st.just("ann"), room=st.just(0), user=guests, role=st.none()),
    guests.flatmap(
        lambda user: st.builds(RemoveMember, caller=st.just(user), room=st.just(0), user=st.just(user))
    ),
    st.builds(SendMessage, sender=users, room=st.just(0), client_id=st.none(), mentions=st.just(())),
    st.builds(
        PublishNotifications,
        sender=st.just("ann"),
        to=st.just(()),
        category=categories,
        room=st.just(0),
        lasting_seconds=st.none() | st.just(45),
    ),
]
mentioning: list[st.SearchStrategy[Step]] = [
    st.builds(
        SendMessage, sender=st.just("ann"), room=st.just(0), client_id=st.none(), mentions=st.just(("bob",))
    ),
    st.builds(EditMessage, user=st.just("ann"), room=st.just(0), back=st.integers(0, 1)),
    st.builds(EditMessage, user=st.just("ann"), room=st.just(0), back=st.integers(0, 1)),
    st.builds(DeleteMessage, user=st.just("ann"), room=st.just(0), back=st.integers(0, 1)),
    st.builds(
        MarkNotifications,
        user=st.just("bob"),
        action=st.sampled_from(["read", "archive", "unread"]),
        by=st.just("all"),
        picks=st.just((0,)),
        category=st.just("like"),
    ),
    st.builds(SetBlock, user=st.just("bob"), other=st.just("ann"), is_over=st.booleans()),
    st.just(RemoveMember(caller="bob", room=0, user="bob")),
    st.just(AddMember(caller="bob", room=0, user="bob", role=None)),
    st.just(DeleteRoom(caller="ann", room=0)),
]
losses: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        AddMember,
        caller=st.just("ann"),
        room=st.just(0),
        user=st.just("bob"),
        role=st.sampled_from(["moderator", "member", "muted"]),
    ),
    st.just(RemoveMember(caller="ann", room=0, user="bob")),
    st.just(SetBan(caller="ann", room=0, user="bob", is_over=False)),
    st.just(DeleteRoom(caller="ann", room=0)),
    st.just(CreateRoom(user="ann", room="one", kind="private", members=("bob",))),
)
losing_the_right: st.SearchStrategy[list[Step]] = st.lists(losses, min_size=1, max_size=4).map(
    lambda lost: [
        AddMember(caller="ann", room=0, user="bob", role="moderator"),
        ScheduleToRoom(user="bob", room=0),
        *lost,
        AdvanceClock(seconds=31),
    ]
)
ann_changes = st.builds(ChangePublication, sender=st.just("ann"), of=st.just("bob"), pick=st.integers(0, 3))
ann_takes_back = st.builds(
    TakeBack, sender=st.just("ann"), of=st.just("bob"), pick=st.integers(0, 3), is_own=st.booleans()
)
bob_deletes = st.builds(
    MarkNotifications,
    user=st.just("bob"),
    action=st.just("delete"),
    by=st.sampled_from(get_args(Selection)),
    picks=st.just((0, 1)),
    category=categories,
)
stories: st.SearchStrategy[list[Step]] = st.one_of(
    losing_the_right,
    _story(*mentioning[:4], *mentioning, end=1),
    _story(merging, merging, marks_of_all, end=1),
    _story(merging, merging, marks_of_all, st.just(AdvanceClock(seconds=1)), end=1),
    _story(
        bundling,
        bundling,
        marks_of_all,
        st.builds(SetDigest, user=st.just("ann"), is_on=st.just(True)),
        end=310,
    ),
    _story(ending, ending, marks_of_all, marks, end=70),
    _story(merging, bundling, ann_changes, ann_takes_back, bob_deletes, end=310),
    _story(ending, publishes, ann_changes, ann_takes_back, bob_deletes, marks_of_all, end=70),
    _story(*in_first_room, ann_changes, ann_takes_back, bob_deletes, end=70),
    _story(*in_first_room, marks_of_all, marks, end=70),
)
"""Sequences that random steps rarely produce."""

in_inboxes: st.SearchStrategy[Step] = st.one_of(
    *(publishes, marks, timed, grouped, low, cancels, prefers, digests, passes, passes),
    *(changes, takes_back),
)
in_rooms: st.SearchStrategy[Step] = st.one_of(
    *(makes, admits, joins, dismissals, leaves, bans, renames, closings, to_rooms),
    *(sayings, sayings, sayings, reads, reads, reads_of_all, schedules, edits, withdrawals, whispers, blocks),
)
on_streams: st.SearchStrategy[Step] = st.one_of(connects, connects, disconnects, st.just(PingStreams()))
steps: st.SearchStrategy[Step] = st.one_of(in_inboxes, in_rooms, on_streams)
