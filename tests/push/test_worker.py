"""Worker: what is due is pushed, once, page by page, and what became of it is written."""

from __future__ import annotations

import pytest

from lumen_notify.commit.push import due

from .push_desk import DELAY_MS, PushDesk


async def test_a_publish_reaches_the_device_once_its_delay_is_over(desk: PushDesk) -> None:
    device = await desk.register("bob")
    id_ = await desk.publish("bob")
    assert await desk.later(DELAY_MS - 1) == []
    (sent,) = await desk.later(1)
    assert (sent.target.id, sent.notification_id) == (device, id_)
    assert sent.push.payload == {
        "type": "notification",
        "tag": id_,
        "unread_count": 1,
        "title": "Alice",
        "content": "hello",
        "priority": "normal",
        "id": id_,
        "created_at": "2027-01-15T08:00:00.000Z",
        "sender": {"id": "alice", "username": "Alice", "avatar": None},
        "category": "like",
    }
    assert await desk.later() == []
    assert await desk.outcomes() == [("bob", "pushed")]
    ((used_at, shown, badge),) = await desk.store.rows("SELECT last_used_at, shown, badge FROM lumen_device")
    assert (used_at, shown, badge) == (desk.store.now - DELAY_MS, f'["{id_}"]', 1)


async def test_a_push_to_everyone_is_pushed_in_pages(desk: PushDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAGE_DEVICES", 4)
    desk = PushDesk(desk.store, max_devices_per_user=2)
    devices = [await desk.register(f"user-{n}") for n in range(7) for _ in range(2)]
    await desk.publish()
    sent = await desk.later()
    assert [one.target.id for one in sent] == devices
    assert await desk.outcomes() == [(one.target.user_id, "pushed") for one in sent]
    ((pages,),) = await desk.store.rows("SELECT count(*) FROM lumen_push_report")
    assert pages == 4
