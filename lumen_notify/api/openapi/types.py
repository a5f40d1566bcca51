"""Types: the schemas of values that several bodies and responses share, so that generated clients have one
type for each.

Fields refer to them by `x-model` (`http/fields`, `http/responses`, `model/events/fields`).
"""

from __future__ import annotations

from typing import get_args

from pydantic import TypeAdapter

from lumen_notify.api.openapi.schema import JsonSchema, described, one_of
from lumen_notify.deliver.streams.connections import DEVICES
from lumen_notify.http.fields import PRIORITIES, SLUG_PATTERN, UserId
from lumen_notify.model.events.fields import Role

SCHEMAS: dict[str, JsonSchema] = {
    "Category": {
        "type": "string",
        "pattern": f"^{SLUG_PATTERN}$",
        "description": "The name of a category: any slug, such as `like` or `invoice.paid`.",
    },
    "Device": described(one_of(DEVICES), "The kind of device that a client runs on."),
    "JsonObject": {
        "type": "object",
        "additionalProperties": True,
        "description": "A JSON object of your own, passed on unchanged.",
    },
    "Priority": described(one_of(PRIORITIES), "How urgent a notification is. Clients get it unchanged."),
    "Role": described(one_of(get_args(Role)), "What a member of a room may do."),
    "UserId": described(TypeAdapter(UserId).json_schema(), "The id of a user: the `sub` of their token."),
}
