"""PasswordHasher: costly hashes, the same work for unknown users, and bounded concurrency."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from lumen_notify.auth import PasswordHasher
from lumen_notify.auth.password_hasher import MEMORY_KIB, NICENESS, RUNNING, is_same_as_username
from lumen_notify.errors import Unavailable
from lumen_notify.settings import Secret


def cheap(**more: int) -> PasswordHasher:
    return PasswordHasher(**{"time_cost": 1, "memory_kib": 8, "lanes": 1} | more)


async def test_a_password_is_verified_and_another_is_not() -> None:
    passwords = cheap()
    for text in (
        "correct horse battery",
        "8 spaces",
        "\0" * 8,
        "密码密码密码密码",
        "🦊" * 1024,
        "a" * 100_000,
    ):
        hashed = await passwords.hash(Secret(text))
        assert await passwords.verify(hashed, Secret(text))
        for other in (text + "\0", text[:-1], text.swapcase() + "x"):
            assert not await passwords.verify(hashed, Secret(other))
    await passwords.close()


async def test_each_hash_is_argon2id_with_its_own_salt() -> None:
    passwords = cheap()
    first, second = [await passwords.hash(Secret("correct horse")) for _ in range(2)]
    assert first != second
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    await passwords.close()


async def test_texts_that_look_the_same_are_the_same_password() -> None:
    passwords = cheap()
    hashed = await passwords.hash(Secret("Älice's café"))
    assert await passwords.verify(hashed, Secret("A\u0308lice's cafe\u0301"))
    assert not await passwords.verify(hashed, Secret("alice's cafe"))
    await passwords.close()


async def test_an_unknown_user_takes_the_same_work() -> None:
    for passwords in (cheap(), PasswordHasher()):
        dummy = passwords._dummy_hash.split("$")
        real = (await passwords.hash(Secret("correct horse"))).split("$")
        assert dummy[:4] == real[:4]  # algorithm and costs
        assert [len(part) for part in dummy] == [len(part) for part in real]
        assert not await passwords.verify(None, Secret("correct horse"))
        assert passwords.verified == 1
        await passwords.close()


async def test_defaults_are_those_of_rfc_9106() -> None:
    passwords = PasswordHasher()
    assert (await passwords.hash(Secret("correct horse"))).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await passwords.close()


async def test_a_hash_of_other_costs_still_verifies_and_is_outdated() -> None:
    old, new = cheap(), cheap(time_cost=2)
    hashed = await old.hash(Secret("correct horse"))
    assert await new.verify(hashed, Secret("correct horse"))
    assert (old.is_outdated(hashed), new.is_outdated(hashed)) == (False, True)
    await old.close()
    await new.close()


async def test_running_and_waiting_callers_are_bounded_and_the_next_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = cheap(running=2, waiting=3)
    go = threading.Event()
    begun = threading.Semaphore(0)
    running: list[int] = []

    def work(*_: object) -> bool:
        running.append(1)
        begun.release()
        assert go.wait(20)
        return True

    monkeypatch.setattr(passwords, "_matches", work)
    taken = [asyncio.create_task(passwords.verify("x", Secret("a"))) for _ in range(5)]
    for _ in range(2):
        assert await asyncio.to_thread(begun.acquire, timeout=20)
    with pytest.raises(Unavailable) as caught:
        await passwords.verify("x", Secret("a"))
    assert caught.value.code == "overloaded"
    assert len(running) == 2
    go.set()
    assert await asyncio.gather(*taken) == [True] * 5
    assert await passwords.verify("x", Secret("a"))
    await passwords.close()


async def test_hashing_does_not_block_the_loop() -> None:
    passwords = PasswordHasher()
    hashing = asyncio.create_task(passwords.hash(Secret("correct horse")))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10
    await passwords.close()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no niceness of its own there")
async def test_the_threads_have_a_lower_priority_than_the_loop() -> None:
    passwords = cheap()

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    ours = niceness()
    theirs = await asyncio.get_running_loop().run_in_executor(passwords._threads, niceness)
    assert theirs == max(ours, NICENESS)
    assert niceness() == ours
    await passwords.close()


@pytest.mark.parametrize(
    ("password", "name", "is_so"),
    [
        ("annabell", "annabell", True),
        ("AnnaBell", "annabell", True),
        ("\uff41nna\uff22ell", "annabell", True),
        ("annabell1", "annabell", False),
    ],
)
def test_a_password_equal_to_the_name_is_recognized_in_any_form(
    password: str, name: str, is_so: bool
) -> None:
    assert is_same_as_username(Secret(password), name) == is_so


def test_concurrent_hashes_take_at_most_128_mib() -> None:
    assert RUNNING * MEMORY_KIB <= 128 * 1024
