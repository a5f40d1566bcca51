"""Admin stream: the schemas of the events of `GET /admin/stream` (`deliver/admin/snapshot`)."""

from __future__ import annotations

from lumen_notify.api.openapi.control import CLOSING, ControlFrame
from lumen_notify.api.openapi.schema import COUNT, TEXT, JsonSchema, described, object_schema, ref
from lumen_notify.api.openapi.stream import control_event
from lumen_notify.deliver.admin.snapshot import RATES

_RATE: JsonSchema = {"type": "number", "minimum": 0}
_RATE_OR_NULL: JsonSchema = {"type": ["number", "null"], "minimum": 0}
_TIME: JsonSchema = {"type": "string", "format": "date-time"}


def _numbers(schema: JsonSchema, description: str) -> JsonSchema:
    return {"type": "object", "additionalProperties": schema, "description": description}


FIGURES = ControlFrame(
    name="FiguresFrame",
    event="figures",
    description="The figures of all instances, at once and each second.",
    schema=object_schema(
        "The figures of all instances.",
        at=described(_TIME, "The time of the instance that sends them."),
        instances={
            "type": "array",
            "items": object_schema("An instance.", id=TEXT, streams=COUNT),
            "description": "Those that were heard in the last 5 seconds.",
        },
        users_online=described(COUNT, "As counted within `LUMEN_LEASE_SECONDS`."),
        streams=object_schema(
            "Open streams.",
            total=COUNT,
            by_device=_numbers(COUNT, "`unknown`: those that name no device."),
            by_instance=_numbers(COUNT, "By the id of the instance."),
        ),
        rates=object_schema(
            "Per second, in the last second; null in the first frame.",
            **dict.fromkeys(RATES, _RATE_OR_NULL),
        ),
        commit_ms=object_schema(
            "How long transactions took in the last ten seconds, in milliseconds; null without any.",
            p50=_RATE_OR_NULL,
            p99=_RATE_OR_NULL,
        ),
        queues=object_schema(
            "What waits: writes, publications to push, scheduled notifications, those that wait for a "
            "digest, pushes that were given up, bytes for slow clients.",
            commands=COUNT,
            push=COUNT,
            scheduled=COUNT,
            digests=COUNT,
            dead_letters=COUNT,
            backlog_bytes=COUNT,
        ),
        push=_numbers(_RATE, "Pushes per second by outcome."),
        close_reasons=_numbers(COUNT, "Streams that have ended since each instance started, by reason."),
        outages={
            "type": "array",
            "items": object_schema("What fails.", what=TEXT, since=_TIME),
            "description": "What fails at the moment on any instance.",
        },
    ),
)


def schemas() -> dict[str, JsonSchema]:
    """Return the schema of each event, of the frame, and of any event, by name. `ClosingEvent` is that of
    other streams."""
    name, schema = control_event(FIGURES)
    closing, _ = control_event(CLOSING)
    return {
        "AdminEvent": {
            "description": "One server-sent event of the stream of administrators. Its data is JSON.",
            "oneOf": [ref(name), ref(closing)],
            "discriminator": {
                "propertyName": "event",
                "mapping": {FIGURES.event: ref(name)["$ref"], CLOSING.event: ref(closing)["$ref"]},
            },
        },
        name: schema,
        FIGURES.name: FIGURES.schema,
    }
