"""Revocations: from when on the tokens of a user count, after a log-out everywhere or a new password.

Tokens that were issued before that time are refused, and so are their tickets and cookies. A token without
`iat` does not say when it was issued: it is refused, too.

Not here: where the times are stored (`commit/accounts/sessions`). All are held in memory, about 150 bytes
each, so that checking one takes a dictionary lookup.
"""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.auth.principal import Principal
from lumen_notify.auth.refusals import revoked


class Revocations:
    """The time of the last revocation of each user who has one. not_before: milliseconds, by user id."""

    def __init__(self, not_before: Mapping[str, int] | None = None) -> None:
        self._not_before = dict(not_before or {})

    @property
    def newest(self) -> int:
        """The time of the newest one, in milliseconds; 0 if there is none."""
        return max(self._not_before.values(), default=0)

    def not_before(self, user_id: str) -> int:
        """Return from when on the user's tokens count, in milliseconds; 0 without a revocation."""
        return self._not_before.get(user_id, 0)

    def revoke(self, user_id: str, not_before: int) -> None:
        """Refuse the user's tokens from before a time. An earlier time changes nothing."""
        self._not_before[user_id] = max(not_before, self.not_before(user_id))

    def copy(self) -> Mapping[str, int]:
        """Return all of them: from when on the tokens of each user count, in milliseconds."""
        return dict(self._not_before)

    def replace(self, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """Put others in the place of those that were there before, and keep those that were added since."""
        for user_id, not_before in before.items():
            if self._not_before[user_id] == not_before and user_id not in after:
                del self._not_before[user_id]
        for user_id, not_before in after.items():
            if self.not_before(user_id) == before.get(user_id, 0):
                self._not_before[user_id] = not_before
            self.revoke(user_id, not_before)

    def is_revoked(self, principal: Principal) -> bool:
        """Return whether the principal's token no longer counts."""
        return principal.issued_at < self._not_before.get(principal.user_id, 0)

    def check(self, principal: Principal, *, noun: str = "token") -> None:
        """Raise Unauthenticated if the principal's token no longer counts."""
        if principal.issued_at < self._not_before.get(principal.user_id, 0):
            raise revoked(noun=noun)
