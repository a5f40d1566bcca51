"""Stream ends: an administrator ends open streams of a user, and their sessions if asked.

It is an event of the log. So every instance ends its own streams of the user, also one that was away; a hint
that is lost delays it by a second. A stream that is opened later stays: only a revocation of the tokens keeps
a user out.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.accounts.sessions import end_all_sessions
from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, value
from lumen_notify.model.events import StreamsEnded


@value
class EndStreams:
    """End open streams of a user. The result: None.

    ids: of the streams; None for all. revokes_tokens: whether their sessions end, too, and tokens from before
    do not count any more; ids is then None. admin: who does it, for the audit log.
    """

    user_id: str
    admin: str
    ids: tuple[str, ...] | None = None
    revokes_tokens: bool = False

    @property
    def conflict_key(self) -> str:
        """At most one per user and transaction, and none with a log-out everywhere."""
        return f"account:{self.user_id}"


async def end_streams(tx: Transaction, commands: Sequence[EndStreams]) -> Sequence[None]:
    """Handle EndStreams: a `committer.Handler`. It runs after sessions are opened."""
    revoked = [one.user_id for one in commands if one.revokes_tokens]
    if revoked:
        await end_all_sessions(tx, revoked)
    for one in commands:
        ids = None if one.ids is None else list(one.ids)
        if not one.revokes_tokens:
            tx.append(Audience.user(one.user_id), StreamsEnded(data={"ids": ids}))
        details = {"streams": ids, "revokes_tokens": one.revokes_tokens}
        note(tx, "streams.ended", one.admin, target("user", one.user_id), **details)
    return [None] * len(commands)
