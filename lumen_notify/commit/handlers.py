"""Writers: who writes which command, in the order in which a transaction writes the kinds.

| first | then | so that in one transaction |
|---|---|---|
| what defines a category | what publishes | its limits and its priority hold for what comes with it |
| blocks | messages | a block holds for what comes with it |
| messages | read marks | who reads up to the newest has read what comes with it |
| what comes, what expires | preferences, marks | the counts that these state have it all |
| what opens a session | what ends all of a user's | a log-out everywhere ends what begins with it |

Of the others either order is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from lumen_notify.commit.accounts.accounts import ChangeProfile, change_profile
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
from lumen_notify.commit.committer import Handler
from lumen_notify.commit.jobs.retention import TrimEvents, TrimKeys, trim_events, trim_keys
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.digests import PublishDigests
from lumen_notify.commit.notifications.grouping import FlushGroups
from lumen_notify.commit.notifications.marks import Mark, mark
from lumen_notify.commit.notifications.publish import (
    Publish,
    flush_groups,
    publish,
    publish_digests,
    publish_due,
)
from lumen_notify.commit.notifications.removal import (
    Expire,
    PurgeReceipts,
    Remove,
    RemoveOldest,
    expire,
    purge_receipts,
    remove,
    remove_oldest,
)
from lumen_notify.commit.notifications.schedule import Cancel, PublishDue, cancel
from lumen_notify.commit.preferences.categories import Define, Undefine, define, undefine
from lumen_notify.commit.preferences.preferences import ChangePreferences, change_preferences
from lumen_notify.commit.rooms.blocks import Block, block
from lumen_notify.commit.rooms.deletion import CloseRoom, PurgeRoom, close_rooms, purge_rooms
from lumen_notify.commit.rooms.direct import SendDirect, send_direct
from lumen_notify.commit.rooms.edits import DeleteMessage, EditMessage, delete_messages, edit_messages
from lumen_notify.commit.rooms.members import ChangeMembers, change_members
from lumen_notify.commit.rooms.messages import Send, send
from lumen_notify.commit.rooms.read_marks import ReadRoom, read_rooms
from lumen_notify.commit.rooms.rooms import CreateRoom, EditRoom, create_rooms, edit_rooms


def writers(limiting: Limiting | None) -> Mapping[type, Handler]:
    """List all writers by command, in their order. limiting: None for no limits at all."""
    return {
        Define: define,
        Undefine: undefine,
        Publish: partial(publish, limiting=limiting),
        PublishDue: publish_due,
        FlushGroups: flush_groups,
        PublishDigests: publish_digests,
        Cancel: cancel,
        Expire: expire,
        Remove: remove,
        RemoveOldest: remove_oldest,
        PurgeReceipts: purge_receipts,
        TrimEvents: trim_events,
        TrimKeys: trim_keys,
        Block: block,
        Send: send,
        SendDirect: send_direct,
        EditMessage: edit_messages,
        DeleteMessage: delete_messages,
        ReadRoom: read_rooms,
        CreateRoom: create_rooms,
        EditRoom: edit_rooms,
        ChangeMembers: change_members,
        ChangePreferences: change_preferences,
        CloseRoom: close_rooms,
        PurgeRoom: purge_rooms,
        Mark: mark,
        Register: register,
        LogIn: log_in,
        Refresh: refresh,
        LogOut: log_out,
        LogOutEverywhere: log_out_everywhere,
        ChangePassword: change_password,
        ChangeProfile: change_profile,
        TrimSessions: trim_sessions,
    }
