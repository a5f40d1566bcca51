"""Devices: `GET`, `POST` and `DELETE /devices`, the caller's own; `GET /push/config`.

Promises: registering is idempotent; no response contains a token or a key; nobody learns of the devices of
others, also not that they exist.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.devices import responses
from lumen_notify.accept.devices.bodies import DeviceBody, DeviceTokenBody
from lumen_notify.commit.devices.devices import NEWEST, Device, Devices, token_hash
from lumen_notify.commit.devices.registration import RegisterDevice
from lumen_notify.commit.devices.removal import DeleteDevice
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import UUID_KEY, Cursor
from lumen_notify.http.operation import OF_BODIES, READS, WRITES, Operation, path
from lumen_notify.http.pages import LIMIT, answer_rows
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import canonical_id, new_id, rfc3339, to_json, value
from lumen_notify.model.endpoint import check_endpoint

_log = logging.getLogger("lumen_notify.devices")

_DEVICE: TypeAdapter[DeviceBody] = TypeAdapter(DeviceBody)
_TOKEN: TypeAdapter[DeviceTokenBody] = TypeAdapter(DeviceTokenBody)

CURSOR = Cursor("devices", UUID_KEY)
"""By id, which has the time of the first registration."""

_ID = path("id", {"type": "string", "format": "uuid"}, "The device's id.")

_KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
"""Those of RFC 8291, section 5."""


class PushProviders(Protocol):
    """The providers that are configured."""

    @property
    def names(self) -> Collection[str]:
        """Their names."""

    def config(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what a page or a device needs to register with each, by its name."""


@value
class DeviceEndpoints:
    """Registers, lists and deletes the devices of the caller.

    max_devices: of one user. allows_private: endpoints may be at private addresses, and `http`.
    """

    context: Context
    devices: Devices
    providers: PushProviders
    max_devices: int
    allows_private: bool = False

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/devices",
            GET=(
                self.page,
                Operation(
                    name="listDevices",
                    tag="devices",
                    summary="List the caller's devices",
                    description="Those that were dropped, too, until their retention ends.",
                    parameters=(LIMIT, CURSOR.parameter),
                    answered="A page, newest first.",
                    response=responses.Devices,
                    problems=(*READS, "invalid"),
                ),
            ),
            POST=(
                self.post,
                Operation(
                    name="registerDevice",
                    tag="devices",
                    summary="Register a device for push",
                    description=(
                        "Idempotent: the same token again updates the device, whose other fields it "
                        "replaces; a device that was dropped gets pushes again. A token of `fcm`, `apns` "
                        "or `webpush` that another user has registered moves to the caller. One device "
                        "more than the limit takes the place of a dropped one, else of the one that was "
                        "registered longest ago. The device ends with the session that registers it."
                    ),
                    body=DeviceBody,
                    body_examples={
                        "webpush": {
                            "value": {
                                "provider": "webpush",
                                "subscription": {
                                    "endpoint": "https://push.example/f3a9",
                                    "expirationTime": None,
                                    "keys": _KEYS,
                                },
                                "kind": "desktop",
                            }
                        },
                    },
                    status=201,
                    or_status=200,
                    answered="The device. 201: it is new; 200: the caller had registered it already.",
                    response=responses.RegisteredDevice,
                    problems=WRITES,
                ),
            ),
            DELETE=(
                self.delete_by_token,
                Operation(
                    name="deleteDeviceByToken",
                    tag="devices",
                    summary="Delete a device by its token",
                    description="For a page that only knows the endpoint of its subscription.",
                    body=DeviceTokenBody,
                    body_examples={
                        "webpush": {"value": {"provider": "webpush", "token": "https://push.example/f3a9"}}
                    },
                    status=204,
                    answered="The device is deleted.",
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )
        yield route(
            "/devices/{id}",
            DELETE=(
                self.delete,
                Operation(
                    name="deleteDevice",
                    tag="devices",
                    summary="Delete a device",
                    parameters=(_ID,),
                    status=204,
                    answered="The device is deleted.",
                    problems=(*OF_BODIES, *WRITES, "not_found"),
                ),
            ),
        )
        yield route(
            "/push/config",
            GET=(
                self.config,
                Operation(
                    name="getPushConfig",
                    tag="devices",
                    summary="Get the providers of push, and what each needs",
                    answered="The providers that are configured; none if push is off.",
                    response=responses.PushConfig,
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /devices`: newest first."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit = query.limit()
        before = canonical_id(CURSOR.place(query) or NEWEST)
        rows = await self.devices.page(principal.user_id, before=before, limit=limit + 1)
        return answer_rows(
            rows, limit, item=lambda row: to_json(device_item(row)), cursor=lambda row: CURSOR.at(row.id)
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /devices`: 201 if the device is new, 200 if it was the caller's already."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _DEVICE)
        self._check(body)
        keys = body.own_keys
        id_ = new_id()
        device: Device = await self.context.committer.submit(
            RegisterDevice(
                id=id_,
                user_id=principal.user_id,
                provider=body.provider,
                token=body.address,
                kind=body.kind,
                name=body.name,
                locale=body.locale,
                p256dh=None if keys is None else keys.p256dh,
                auth=None if keys is None else keys.auth,
                session=principal.session,
                issued_at=principal.issued_at,
                max_devices=self.max_devices,
            )
        )
        _log.debug("Device %s is registered with %s.", device.id, body.provider)
        return answer(device_item(device), 201 if device.id == id_ else 200)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /devices/{id}`. Raises NotFound."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        return await self._delete(
            DeleteDevice(user_id=principal.user_id, id=canonical_id(request.path_params["id"]))
        )

    async def delete_by_token(self, request: Request) -> Response:
        """Answer `DELETE /devices`. Raises NotFound."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _TOKEN)
        return await self._delete(
            DeleteDevice(
                user_id=principal.user_id,
                token_hash=token_hash(body.provider, body.token, principal.user_id),
            )
        )

    async def config(self, request: Request) -> Response:
        """Answer `GET /push/config`."""
        await self.context.caller(request)
        return answer({"providers": self.providers.config()})

    def _check(self, body: DeviceBody) -> None:
        """Check what depends on the settings. Raises Invalid."""
        names = sorted(self.providers.names)
        if body.provider not in names:
            known = f"must be one of {', '.join(names)}" if names else "is not possible, because push is off"
            raise Invalid(known, field="provider")
        if body.subscription is not None:
            try:
                check_endpoint(body.subscription.endpoint, allows_private=self.allows_private)
            except ValueError as error:
                raise Invalid(str(error), field="subscription.endpoint") from None

    async def _delete(self, command: DeleteDevice) -> Response:
        if not await self.context.committer.submit(command):
            raise NotFound("You have no such device.")
        _log.debug("A device is deleted.")
        return no_content()


def device_item(row: Device) -> responses.RegisteredDevice:
    """Return a device as lists show it."""

    def time(at_ms: int | None) -> str | None:
        return None if at_ms is None else rfc3339(at_ms)

    return {
        "id": row.id,
        "provider": row.provider,
        "kind": row.kind,
        "name": row.name,
        "locale": row.locale,
        "is_encrypted": row.is_encrypted,
        "created_at": rfc3339(row.created_at),
        "registered_at": rfc3339(row.registered_at),
        "last_used_at": time(row.last_used_at),
        "failures": row.failures,
        "failure": row.failure,
        "dropped_at": time(row.dropped_at),
    }
