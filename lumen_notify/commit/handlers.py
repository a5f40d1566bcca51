"""Handlers: the handler of each command, in the order in which a transaction runs them.

| first | then | so that in one transaction |
|---|---|---|
| definitions of categories | publishes | a category's new limits and priority apply to the publishes |
| blocks | messages | a block applies to the messages |
| messages | read marks | reading up to the newest message includes the new messages |
| publishes, messages, removals | preferences, marks | the counts in their events include the former |
| new sessions | ends of all of a user's sessions | a log-out everywhere ends the new sessions, too |
| new devices | ends of sessions | these end the new devices, too |
| new sessions and devices | deletions of users | these end the new ones, too |
| all of these | messages of a queue | each of them sees what the ones before it have done |

The order of the others does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

from lumen_notify.commit.accounts.accounts import ChangeProfile, change_profile
from lumen_notify.commit.accounts.attempts import (
    CountAttempt,
    TrimAttempts,
    count_attempts,
    trim_attempts,
)
from lumen_notify.commit.accounts.passwords import ChangePassword, Register, change_password, register
from lumen_notify.commit.accounts.sessions import (
    LogIn,
    LogOut,
    LogOutEverywhere,
    Refresh,
    TrimSessions,
    log_in,
    log_out,
    log_out_everywhere,
    refresh,
    trim_sessions,
)
from lumen_notify.commit.accounts.stream_ends import EndStreams, end_streams
from lumen_notify.commit.audit.audit import TrimAudit, trim_audit
from lumen_notify.commit.committer import Handler
from lumen_notify.commit.devices.registration import RegisterDevice, register_devices
from lumen_notify.commit.devices.removal import DeleteDevice, TrimDevices, delete_devices, trim_devices
from lumen_notify.commit.intake.take_in import TakeIn, TrimIntake, take_in, trim_intake
from lumen_notify.commit.log import TrimEvents, trim_events
from lumen_notify.commit.marks.marks import Mark, mark
from lumen_notify.commit.marks.purge import PurgeReceipts, purge_receipts
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.digests import PublishDigests
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.idempotency import TrimIdempotencyKeys, trim_idempotency_keys
from lumen_notify.commit.notifications.publish import (
    Publish,
    flush_groups,
    publish,
    publish_digests,
    publish_due,
)
from lumen_notify.commit.notifications.schedule import Cancel, PublishDue, cancel
from lumen_notify.commit.preferences.categories import (
    DefineCategories,
    DeleteCategory,
    define_categories,
    delete_categories,
)
from lumen_notify.commit.preferences.preferences import ChangePreferences, change_preferences
from lumen_notify.commit.probe import Probe, probe_writes
from lumen_notify.commit.publications.deletion import DeleteOwn, delete_own
from lumen_notify.commit.publications.edits import EditNotification, edit_notifications
from lumen_notify.commit.publications.removal import (
    Expire,
    Remove,
    RemoveOldest,
    expire,
    remove,
    remove_oldest,
)
from lumen_notify.commit.publications.retraction import Retract, retract
from lumen_notify.commit.push.dead_letters import RetryDeadLetter, retry_dead_letters
from lumen_notify.commit.push.outbox import Pushing
from lumen_notify.commit.push.progress import (
    AdvancePushes,
    TakePushes,
    advance_pushes,
    take_pushes,
)
from lumen_notify.commit.push.retention import TrimPushes, trim_pushes
from lumen_notify.commit.rooms.all_rooms import NoteReading, note_readings
from lumen_notify.commit.rooms.blocks import SetBlock, set_blocks
from lumen_notify.commit.rooms.deletion import DeleteRoom, PurgeRoom, delete_rooms, purge_rooms
from lumen_notify.commit.rooms.direct import SendDirectMessage, send_direct_messages
from lumen_notify.commit.rooms.edits import DeleteMessage, EditMessage, delete_messages, edit_messages
from lumen_notify.commit.rooms.members import ChangeMembers, change_members
from lumen_notify.commit.rooms.messages import SendMessage, send_messages
from lumen_notify.commit.rooms.read_marks import (
    MarkAllRoomsRead,
    MarkRoomRead,
    mark_all_rooms_read,
    mark_rooms_read,
)
from lumen_notify.commit.rooms.rooms import CreateRoom, EditRoom, create_rooms, edit_rooms
from lumen_notify.commit.rooms.schedule import CancelInRoom, cancel_in_rooms
from lumen_notify.commit.users.deletion import DeleteUser, delete_users
from lumen_notify.commit.users.export import NoteExport, note_exports
from lumen_notify.commit.users.purge import PurgeUser, purge_users


def handlers(
    limiting: Limiting | None, *, pushing: Pushing | None = None, dropped: Counter[str] | None = None
) -> Mapping[type, Handler]:
    """Return all handlers by command, in their order.

    limiting: None for no limits at all. pushing: None to push nothing. dropped: counts scheduled
    notifications that were not published, by reason.
    """
    table: dict[type, Handler] = {
        DefineCategories: define_categories,
        DeleteCategory: delete_categories,
        Publish: partial(publish, limiting=limiting, pushing=pushing),
        PublishDue: partial(publish_due, dropped=dropped, pushing=pushing),
        FlushGroups: partial(flush_groups, pushing=pushing),
        PublishDigests: partial(publish_digests, pushing=pushing),
        Cancel: cancel,
        CancelInRoom: cancel_in_rooms,
        EditNotification: edit_notifications,
        Retract: retract,
        Expire: expire,
        Remove: remove,
        RemoveOldest: remove_oldest,
        PurgeReceipts: purge_receipts,
        TrimEvents: trim_events,
        TrimIdempotencyKeys: trim_idempotency_keys,
        SetBlock: set_blocks,
        SendMessage: partial(send_messages, limiting=limiting, pushing=pushing),
        SendDirectMessage: partial(send_direct_messages, pushing=pushing),
        EditMessage: edit_messages,
        DeleteMessage: delete_messages,
        MarkRoomRead: mark_rooms_read,
        MarkAllRoomsRead: mark_all_rooms_read,
        CreateRoom: create_rooms,
        EditRoom: edit_rooms,
        ChangeMembers: change_members,
        ChangePreferences: change_preferences,
        DeleteRoom: delete_rooms,
        PurgeRoom: purge_rooms,
        NoteReading: note_readings,
        Mark: mark,
        DeleteOwn: delete_own,
        RegisterDevice: register_devices,
        DeleteDevice: delete_devices,
        CountAttempt: count_attempts,
        Register: register,
        LogIn: log_in,
        Refresh: refresh,
        LogOut: log_out,
        LogOutEverywhere: log_out_everywhere,
        EndStreams: end_streams,
        ChangePassword: change_password,
        ChangeProfile: change_profile,
        DeleteUser: delete_users,
        PurgeUser: purge_users,
        NoteExport: note_exports,
        TrimDevices: trim_devices,
        TrimPushes: trim_pushes,
        TrimSessions: trim_sessions,
        TrimAttempts: trim_attempts,
        TrimAudit: trim_audit,
        TakePushes: take_pushes,
        AdvancePushes: advance_pushes,
        RetryDeadLetter: retry_dead_letters,
        TrimIntake: trim_intake,
        Probe: probe_writes,
    }
    return {**table, TakeIn: partial(take_in, handlers=table)}
