"""Connection: whatever a client raises is an outage of the broker, and passwords go their own way."""

from __future__ import annotations

import asyncio

import pytest
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram512

from lumen_notify.intake.brokers.connection import answering, quietly, security
from lumen_notify.intake.source import BrokerUnavailable
from lumen_notify.settings.intake_url import parse_intake_url


async def test_whatever_is_raised_is_an_outage_with_its_words() -> None:
    with pytest.raises(
        BrokerUnavailable, match=r"The queue does not answer \(ConnectionRefusedError: .*refused\)"
    ):
        async with answering("The queue"):
            raise OSError(111, "Connection refused")
    with pytest.raises(BrokerUnavailable, match=r"The queue does not answer \(KeyError\)"):
        async with answering("The queue"):
            raise KeyError("x")


async def test_silence_is_an_outage() -> None:
    with pytest.raises(BrokerUnavailable, match="The queue does not answer in time"):
        async with answering("The queue", 0.001):
            await asyncio.Event().wait()


async def test_cancellation_goes_through() -> None:
    async def wait() -> None:
        async with answering("The queue"):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_broken_connection_is_closed_without_a_word() -> None:
    async def close(error: BaseException) -> None:
        raise error

    await quietly(close(OSError()))
    await quietly(close(asyncio.CancelledError()))  # by a library that has cancelled a task of its own


def test_url_says_how_to_log_in() -> None:
    assert security(parse_intake_url("kafka://a")) is None
    plain = security(parse_intake_url("amqp://user:pw@a/"))
    assert isinstance(plain, SASLPlaintext)
    assert (plain.username, plain.password, plain.use_ssl) == ("user", "pw", False)
    assert isinstance(security(parse_intake_url("kafkas://u:p@a?sasl=scram-sha-512")), SASLScram512)
    encrypted = security(parse_intake_url("rediss://a"))
    assert isinstance(encrypted, BaseSecurity)
    assert encrypted.ssl_context is not None
