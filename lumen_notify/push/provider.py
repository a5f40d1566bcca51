"""Provider: what hands pushes over to a service, and how one of the application's own is found.

A provider of one's own is a class with these methods, named by an entry point of the group
`lumen_notify.push`; `LUMEN_PUSH_PROVIDERS` has the entry point's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from lumen_notify.push.push import Push, Result, Target

GROUP = "lumen_notify.push"
"""The group of entry points."""

MAX_PAYLOAD_BYTES = 4096
"""What FCM, APNs and Web Push take at most, before what each needs around it
(firebase.google.com/docs/cloud-messaging, Apple's "Generating a remote notification", RFC 8030, 7.2)."""


class Provider(Protocol):
    """Hands pushes over. One object for each process, used by many tasks at once."""

    name: str
    """As devices name it."""

    async def send(self, push: Push, target: Target) -> Result:
        """Hand one push over to one device.

        Whatever it raises counts as `retry`. The dispatcher bounds how many run at once and how long one
        takes.
        """
        ...

    def config(self) -> Mapping[str, Any]:
        """Return what a page or a device needs to know to register, such as a public key: for `GET
        /push/config`."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


@runtime_checkable
class HasServices(Protocol):
    """A provider whose devices belong to different services, such as Web Push. One that fails delays no
    other."""

    def service(self, target: Target) -> str:
        """Return the name of the service that takes the pushes to a device, such as its host."""
        ...

    def is_known(self, target: Target) -> bool:
        """Return whether this service exists for all, and is none that a user has made up."""
        ...


@runtime_checkable
class HasCredentials(Protocol):
    """A provider whose service can say whether the credentials are valid, without a push."""

    async def check(self) -> None:
        """Ask the service. Raises Misconfigured."""
        ...
