"""Resolver: a name is looked up within a time limit, and no name holds up those that work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address

import pytest

from clients import eventually
from lumen_notify.push.resolver import MAX_KNOWN, THREADS, Resolver


class Names:
    """Looks up names; those that begin with `slow` wait until they may end."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_end = threading.Event()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.may_end.wait(60)
        return ("192.0.2.1", "2001:db8::1", "192.0.2.1")


async def test_addresses_are_those_of_the_lookup() -> None:
    assert await Resolver(Names()).resolve("push.example") == [
        ip_address("192.0.2.1"),
        ip_address("2001:db8::1"),
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1"])
async def test_any_notation_of_an_address_is_resolved(host: str) -> None:
    assert await Resolver().resolve(host) == [ip_address("127.0.0.1")]


async def test_name_of_the_system_is_resolved() -> None:
    assert ip_address("127.0.0.1") in await Resolver().resolve("localhost")


def raises(error: Exception) -> Callable[[str], Sequence[str]]:
    def lookup(host: str) -> Sequence[str]:
        raise error

    return lookup


@pytest.mark.parametrize(
    "lookup",
    [raises(OSError("x")), raises(UnicodeError("x")), lambda _: (), lambda _: ("tea",)],
    ids=["error", "no-name", "none", "no-address"],
)
async def test_name_without_an_address_is_an_error(lookup: Callable[[str], Sequence[str]]) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - of any kind
        await Resolver(lookup).resolve("push.example")


@pytest.mark.parametrize("host", ["", ".", "a..b", "x" * 64 + ".example", "\u2100.example", "a b"])
async def test_text_that_is_no_name_is_an_error(host: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - of any kind
        await Resolver().resolve(host)


async def test_name_that_does_not_answer_is_given_up_in_time() -> None:
    names = Names()
    with pytest.raises(TimeoutError):
        await Resolver(names, seconds=0.05).resolve("slow.example")
    names.may_end.set()


async def test_names_that_do_not_answer_hold_a_bounded_number_of_threads() -> None:
    names = Names()
    resolver = Resolver(names, seconds=0.5)
    lookups = [resolver.resolve(f"slow{number}.example") for number in range(THREADS * 2)]
    results = await asyncio.gather(*lookups, return_exceptions=True)
    assert all(isinstance(result, TimeoutError) for result in results)
    assert len(names.asked) == THREADS
    names.may_end.set()
    await eventually(
        lambda: not [one for one in threading.enumerate() if one.name == "resolver"], what="their end"
    )
    assert await resolver.resolve("push.example")


async def test_host_that_is_known_does_not_wait_for_names_that_do_not_answer() -> None:
    names = Names()
    resolver = Resolver(names, seconds=30)
    resolver.remember("push.example")
    slow = [asyncio.create_task(resolver.resolve(f"slow{number}.example")) for number in range(THREADS * 2)]
    await eventually(lambda: len(names.asked) == THREADS, what="all threads to be busy")
    assert await resolver.resolve("push.example")
    names.may_end.set()
    await asyncio.gather(*slow)


async def test_host_that_all_know_does_not_wait_for_them_either() -> None:
    names = Names()
    resolver = Resolver(names, is_known=lambda host: host == "push.example", seconds=30)
    slow = [asyncio.create_task(resolver.resolve(f"slow{number}.example")) for number in range(THREADS * 2)]
    await eventually(lambda: len(names.asked) == THREADS, what="all threads to be busy")
    assert await resolver.resolve("push.example")
    names.may_end.set()
    await asyncio.gather(*slow)


async def test_host_that_does_not_answer_any_more_is_known_no_more() -> None:
    names = Names()
    resolver = Resolver(names, seconds=0.05)
    resolver.remember("slow.example")
    with pytest.raises(TimeoutError):
        await resolver.resolve("slow.example")
    assert not resolver._known
    names.may_end.set()


async def test_number_of_known_hosts_is_bounded() -> None:
    resolver = Resolver(Names())
    for number in range(MAX_KNOWN + 5):
        resolver.remember(f"{number}.example")
    assert len(resolver._known) == MAX_KNOWN


async def test_lookup_that_was_cancelled_frees_its_thread() -> None:
    names = Names()
    resolver = Resolver(names)
    for _ in range(THREADS):
        task = asyncio.create_task(resolver.resolve("slow.example"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    names.may_end.set()
    assert await resolver.resolve("push.example")
