"""Shared texts: stored once, however many users' groups and digests show them, and as long as one does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from lumen_notify.commit.notifications import digests
from lumen_notify.commit.publications import edits, retraction

from .notifications.merging import body_of, publication, want_digest
from .notifications.merging import publish as merge
from .publications.desk import ADMIN, OTHER, bodies, edit, publish, retract, text_of_log
from .shared_text_uses import (
    MINUTE_MS,
    USERS,
    check_uses,
    contents,
    delete,
    purge,
    replayed,
    secret,
    stored_bytes,
    trim,
)
from .store import Store


async def test_text_of_groups_is_stored_once_for_all_users(store: Store) -> None:
    users = [f"u{number}" for number in range(50)]
    for sender, content in (("eve", secret(8000)), ("fay", secret(9000)), ("gil", secret(10_000))):
        before = await stored_bytes(store)
        await publish(store, *users, sender=sender, content=content, group_key="k")
        await store.flush_groups()
        store.now += 1000
        grown = await stored_bytes(store) - before
        assert len(content) < grown < len(content) + 50 * 1200
        assert {(await bodies(store, user))[0]["content"] for user in users} == {content}
    await store.flush_groups()
    assert await check_uses(store) == 3
    assert await replayed(store, "u49") == [secret(8000), secret(9000), secret(10_000)]
    assert len({id(one) for event in await store.log.after(0) for one in event.shared}) == 3


async def test_text_of_digests_is_stored_once_for_all_users(store: Store) -> None:
    users = [f"u{number}" for number in range(50)]
    for user in users:
        await want_digest(store, user, 5)
    texts = [secret(8000), secret(9000), secret(10_000)]
    for number, content in enumerate(texts):
        key = "k" if number == 2 else None
        await publish(store, *users, content=content, priority="low", group_key=key)
    assert await stored_bytes(store) < sum(map(len, texts)) + 150 * 400
    assert await check_uses(store) == 3
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await stored_bytes(store) < sum(map(len, texts)) + 150 * 1600
    assert await check_uses(store) == 3
    assert [row["content"] for row in await bodies(store, "u7")] == texts[::-1]
    assert await replayed(store, "u7") == [texts[::-1]]


async def test_text_of_one_user_is_stored_in_the_row(store: Store) -> None:
    await publish(store, "ann", group_key="k")
    await want_digest(store, "bob", 5)
    await publish(store, "ann", "bob", priority="low")
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await check_uses(store) == 0


async def of_group(store: Store) -> str:
    return await publish(store, *USERS, content=secret(), sender="eve", group_key="k")


async def of_digest(store: Store) -> str:
    for user in USERS:
        await want_digest(store, user, 5)
    id_ = await publish(store, *USERS, content=secret(), sender="eve", priority="low")
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    return id_


async def of_group_in_digest(store: Store) -> str:
    for user in USERS:
        await want_digest(store, user, 5)
    id_ = await publish(store, *USERS, content=secret(), sender="eve", priority="low", group_key="k")
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    return id_


Publishing = pytest.mark.parametrize("make", [of_group, of_digest, of_group_in_digest])
Make = Callable[[Store], Awaitable[str]]


@Publishing
async def test_another_merge_or_deletion_of_one_user_changes_nothing_for_the_others(
    store: Store, make: Make
) -> None:
    await make(store)
    store.now += 1000
    await publish(store, "ann", content="for ann", sender="fay", group_key="k")
    await delete(store, "bob")
    assert await contents(store) == [
        ["for ann"] if make is not of_digest else ["for ann", secret()],
        [],
        [secret()],
        [secret()],
    ]
    assert await check_uses(store) == 1
    assert secret() not in str(await replayed(store, "bob"))
    assert secret() in str(await replayed(store, "cyd"))


@Publishing
async def test_an_edit_changes_the_text_for_all_once_and_leaves_none_of_the_old_one(
    store: Store, make: Make
) -> None:
    id_ = await make(store)
    assert (await edit(store, id_, content="new" * 100)).changed == 4
    assert await contents(store) == [["new" * 100]] * 4
    assert await check_uses(store) == 1
    assert await stored_bytes(store) < 300 + 4 * 1600
    assert "new" * 100 in str(await replayed(store, "dan"))
    assert secret() not in await text_of_log(store)
    edited = [event for event in store.events if event.kind == "notification_edited"]
    assert [(event.audience.user_id, body_of(event)["data"]["content"]) for event in edited] == [
        (user, "new" * 100) for user in USERS
    ]


async def test_an_edit_of_one_users_group_leaves_the_others_as_they_are(store: Store) -> None:
    await of_group(store)
    store.now += 1000
    # Ann's group shows another part from now on: the edit is of that part alone.
    await publish(store, "ann", content="for ann", sender="fay", owner="other", group_key="k")
    (row,) = await bodies(store, "ann")
    assert (await edit(store, row["id"], OTHER, content="changed")).changed == 1
    assert await contents(store) == [["changed"]] + [[secret()]] * 3
    assert (await retract(store, row["id"], OTHER)).number == 1
    assert await contents(store) == [[secret()]] * 4
    assert await check_uses(store) == 1
    assert "changed" not in await text_of_log(store)


async def test_a_change_of_the_text_in_one_group_is_none_in_other_groups_with_it(store: Store) -> None:
    first = await publish(store, "ann", content="for ann", sender="eve", group_key="k")
    store.now += 1000
    await of_group(store)  # merges into the group of ann, and begins those of the others
    assert await check_uses(store) == 1
    assert (await edit(store, first, content="changed")).changed == 1
    assert await contents(store) == [["changed"]] + [[secret()]] * 3
    assert "changed" not in str([await replayed(store, user) for user in USERS[1:]])
    assert (await retract(store, first)).number == 1
    assert await contents(store) == [[]] + [[secret()]] * 3
    assert secret() not in str(await replayed(store, "ann"))
    assert await check_uses(store) == 1


@Publishing
async def test_what_is_taken_back_leaves_nothing(store: Store, make: Make) -> None:
    id_ = await make(store)
    assert (await retract(store, id_)).number == 4
    assert await contents(store) == [[]] * 4
    assert secret() not in await text_of_log(store)
    await purge(store)
    assert await check_uses(store) == 0


async def test_a_part_that_is_taken_back_shows_the_one_before_which_stays_shared(store: Store) -> None:
    id_ = await of_group(store)
    store.now += 1000
    await publish(store, *USERS, content="later", sender="fay", owner="other", group_key="k")
    assert await check_uses(store) == 2
    assert (await retract(store, id_, ADMIN, sender="fay")).number == 4
    assert await contents(store) == [[secret()]] * 4
    assert await check_uses(store) == 1
    assert await stored_bytes(store) < 400 + 4 * 2400


async def test_texts_go_with_the_last_event_row_and_part(store: Store) -> None:
    await of_group(store)
    await trim(store)
    assert await check_uses(store) == 1
    store.now += 1000
    await publish(store, *USERS, content="later", sender="eve", group_key="k")
    assert await check_uses(store) == 1, "the same actor's part was replaced"
    for user in USERS:
        await delete(store, user)
    await trim(store)
    await purge(store)
    assert await check_uses(store) == 0


async def test_what_waits_for_digests_is_edited_and_taken_back_for_all(store: Store) -> None:
    for user in USERS:
        await want_digest(store, user, 5)
    first, second = [
        await publish(store, *USERS, content=content, priority="low") for content in (secret(), "b" * 400)
    ]
    assert (await edit(store, first, content="new" * 100)).changed == 1
    assert await check_uses(store) == 2
    assert (await retract(store, second)).number == 1
    assert await check_uses(store) == 1
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await contents(store) == [["new" * 100]] * 4
    assert await check_uses(store) == 1


async def test_a_digest_that_is_split_shares_its_texts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "MAX_DIGEST_BYTES", 1000)
    for user in USERS:
        await want_digest(store, user, 5)
    texts = [secret(600), secret(602), secret(604)]
    for content in texts:
        await publish(store, *USERS, content=content, priority="low")
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await replayed(store, "cyd") == [[text] for text in texts]
    assert await check_uses(store) == 3


async def test_edits_and_withdrawals_in_steps_share_within_each(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "STEP_ROWS", 2)
    monkeypatch.setattr(retraction, "STEP_ROWS", 3)
    id_ = await of_digest(store)
    edited = await edit(store, id_, content="new" * 100)
    assert await contents(store) == [["new" * 100]] * 2 + [[secret()]] * 2
    while edited.following is not None:
        edited = await store.committer.submit(edited.following)
    assert await contents(store) == [["new" * 100]] * 4
    assert await check_uses(store) == 2
    retracted = await retract(store, id_)
    assert await contents(store) == [[]] * 3 + [["new" * 100]]
    while retracted.following is not None:
        retracted = await store.committer.submit(retracted.following)
    assert await check_uses(store) == 0


async def test_groups_that_have_texts_of_their_own_share_the_next_one(store: Store) -> None:
    """As the groups of earlier versions do."""
    for user in USERS:
        await publish(store, user, content=f"for {user}", sender="eve", group_key="k")
    store.now += 1000
    await publish(store, *USERS, content=secret(), sender="fay", owner="other", group_key="k")
    assert await contents(store) == [[secret()]] * 4
    assert await check_uses(store) == 1
    for user in USERS:
        (row,) = await bodies(store, user)
        await retract(store, row["id"], ADMIN, sender="fay")
    assert await contents(store) == [[f"for {user}"] for user in USERS]
    assert await check_uses(store) == 0


async def test_text_that_looks_like_a_reference_is_text(store: Store) -> None:
    for user in USERS:
        await want_digest(store, user, 5)
    await publish(store, *USERS, content=secret(), priority="low")
    ((text_id,),) = await store.rows("SELECT id FROM lumen_shared_text")
    content = f'"text_id":"{text_id}"'
    one = publication("ann", group_key=None)
    data = {"id": "", "category": "", "text_id": text_id}
    await merge(store, one.with_fields({"data": data, "content": content, "priority": "low"}))
    store.now += 5 * MINUTE_MS
    await store.publish_digests()
    assert await contents(store) == [[content, secret()]] + [[secret()]] * 3
    assert await replayed(store, "ann") == [[content, secret()]]


async def test_event_whose_text_was_deleted_since_it_was_read_shows_nothing(store: Store) -> None:
    await of_digest(store)
    await of_group(store)
    await store.rows("DELETE FROM lumen_shared_text")
    assert await replayed(store, "ann") == [[]]
