"""Connection: what the brokers share: their errors, how they log in, what a broker is opened with."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from lumen_notify.intake.source import TIMEOUT_SECONDS, BrokerUnavailable
from lumen_notify.model import value
from lumen_notify.outages import cause_of
from lumen_notify.settings.intake_url import IntakeUrl

CLOSE_SECONDS = 2.0

_SASL = {"plain": SASLPlaintext, "scram-sha-256": SASLScram256, "scram-sha-512": SASLScram512}


@value
class Subscription:
    """What to take in. dead_letters: the topic of dead letters. prefetch: messages fetched at a time."""

    url: IntakeUrl
    topic: str
    group: str
    dead_letters: str
    prefetch: int


@asynccontextmanager
async def answering(place: str, seconds: float = TIMEOUT_SECONDS) -> AsyncIterator[None]:
    """Raise BrokerUnavailable for whatever the block raises, or if it takes longer.

    The clients have no common base class of their errors, and let those of the system through.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise BrokerUnavailable(f"{place} does not answer in time.") from None
    except BrokerUnavailable:
        raise
    except Exception as error:
        name, words = type(error).__name__, cause_of(error).rstrip(".")
        cause = name if words == name else f"{name}: {words}"  # the text of some errors may have values in it
        raise BrokerUnavailable(f"{place} does not answer ({cause}).") from error


async def quietly(closing: Awaitable[object]) -> None:
    """Await the end of a connection that may be broken."""
    # In a task of its own: aiokafka may raise the CancelledError of a request that it has cancelled itself.
    task = asyncio.ensure_future(closing)
    if not (await asyncio.wait([task], timeout=CLOSE_SECONDS))[0]:
        task.cancel()
    elif not task.cancelled():
        task.exception()  # whatever is broken, it is given up


def security(url: IntakeUrl) -> BaseSecurity | None:
    """Return how to encrypt and to log in; None for neither. Raises OSError if a file cannot be read."""
    context = ssl.create_default_context(cafile=url.ca_file) if url.is_encrypted else None
    if url.user is None and url.password is None:
        return None if context is None else BaseSecurity(ssl_context=context)
    return _SASL[url.sasl](
        username=url.user or "", password=url.password or "", use_ssl=url.is_encrypted, ssl_context=context
    )
