"""Responses about devices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.commit.devices.devices import DeviceKind
from lumen_notify.http.responses import NextCursor, Time


class RegisteredDevice(TypedDict):
    """A device of the caller. No response contains its token and keys."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    provider: str
    kind: Annotated[DeviceKind, Field(json_schema_extra={"x-model": "Device"})] | None
    name: str | None
    locale: str | None
    is_encrypted: Annotated[bool, Field(description="Whether only the device can read its pushes.")]
    created_at: Annotated[Time, Field(description="When it was first registered.")]
    registered_at: Annotated[Time, Field(description="When it was last registered.")]
    last_used_at: Annotated[
        Time | None, Field(description="When the provider took the last push; null if it took none.")
    ]
    failures: Annotated[
        int,
        Field(
            ge=0,
            description="Refusals in a row by the provider. Pushes handed over together count once.",
        ),
    ]
    failure: Annotated[str | None, Field(description="Why it refused the last one; null if it took it.")]
    dropped_at: Annotated[
        Time | None,
        Field(
            description=(
                "Since when nothing is pushed to it, because the provider does not know it any more, or its "
                "push service has refused several pushes in a row; null if it gets pushes."
            )
        ),
    ]


class Devices(TypedDict):
    """One page of the caller's devices, newest first."""

    items: list[RegisteredDevice]
    next_cursor: NextCursor


class PushConfig(TypedDict):
    """What a page or a device needs to register."""

    providers: Annotated[
        dict[str, dict[str, Any]],
        Field(
            description=(
                "By the name of each provider that is configured. `webpush` has `public_key`: the "
                "`applicationServerKey` of a subscription."
            )
        ),
    ]
