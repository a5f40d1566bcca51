"""Close reasons: each has its own word, and says whether to reconnect."""

from __future__ import annotations

from lumen_notify.model import CloseReason


def test_each_reason_has_its_own_word() -> None:
    words = [reason.word for reason in CloseReason]
    assert len(set(words)) == len(words)
    assert all(word.isidentifier() and word.islower() for word in words)


def test_client_does_not_reconnect_after_the_end_of_its_token_or_place() -> None:
    final = {reason.word for reason in CloseReason if not reason.reconnect}
    assert final == {"expired", "revoked", "replaced"}
