"""The tracer: one trace from a request through commit to fan-out, and nothing in it that is private."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode

from clients import NOTIFICATIONS, EventStream, eventually, token
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.tracing import otel
from lumen_notify.tracing.otel import MAX_IN_MESSAGE, OtelTracer, Provider
from sites import Site, open_site

from .recorded_spans import Recorded, id_of, parent_of, trace_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
BODY = {"to": {"user": "bob"}, "category": "like", "content": "the-content-of-a-notification"}


async def publish(site: Site, headers: dict[str, str], body: Any = BODY) -> Any:
    bearer = {"Authorization": f"Bearer {token('alice', 'notify:publish')}"}
    return await site.http.post(NOTIFICATIONS, json=body, headers={**bearer, **headers})


async def test_trace_of_a_request_goes_from_post_through_commit_to_fan_out(
    sqlite_url: str, recorded: Recorded
) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        stream = await EventStream.open(site.base_url, token("bob"))
        answer = await publish(site, {**SAMPLED, "X-Request-ID": "shop-1"})
        await eventually(lambda: recorded.named("fan-out")[3:], what="the fan-out")
        await stream.close()
    assert answer.status_code == 201
    (request,) = [one for one in recorded.named("POST") if trace_of(one) == TRACE]
    assert request.name == f"POST {NOTIFICATIONS}"
    assert (request.kind, parent_of(request)) == (SpanKind.SERVER, PARENT)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": NOTIFICATIONS,
        "http.response.status_code": 201,
        "lumen.request_id": "shop-1",
    }
    (commit,) = [one for one in recorded.named("commit Publish") if trace_of(one) == TRACE]
    assert parent_of(commit) == id_of(request)
    (fan_out,) = [one for one in recorded.named("fan-out") if trace_of(one) == TRACE]
    assert parent_of(fan_out) == id_of(commit)
    assert fan_out.attributes is not None
    assert fan_out.attributes["lumen.position"] == answer.json()["position"]


async def test_transaction_of_several_requests_has_a_link_to_each(
    sqlite_url: str, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        assert site.lumen._services is not None
        committer, caught_up = site.lumen._services.committer, asyncio.Event()
        monkeypatch.setattr(committer, "_backpressure", caught_up.wait)
        headers = [{"traceparent": f"00-{n:032x}-{PARENT}-01"} for n in range(1, 6)]
        tasks = [asyncio.create_task(publish(site, one)) for one in headers]
        await eventually(
            lambda: [type(one.command) for one in committer._waiting].count(Publish) == 5,
            what="the requests to wait",
        )
        caught_up.set()
        positions = [(await task).json()["position"] for task in tasks]
        await eventually(lambda: len(recorded.named("fan-out")) >= 8, what="the fan-outs")
    (transaction,) = [one for one in recorded.named("transaction") if len(one.links) == 5]
    assert transaction.parent is None
    assert transaction.attributes is not None
    assert all(int(str(transaction.attributes[f"lumen.{what}"])) >= 5 for what in ("commands", "events"))
    commits = {trace_of(one): one for one in recorded.named("commit Publish")}
    assert {link.context.span_id for link in transaction.links} == {
        commits[f"{n:032x}"].context.span_id for n in range(1, 6)
    }
    found = {
        trace_of(one): one.attributes["lumen.position"]
        for one in recorded.named("fan-out")
        if one.attributes is not None
    }
    assert [found[f"{n:032x}"] for n in range(1, 6)] == positions


async def test_caller_that_does_not_sample_is_not_traced(sqlite_url: str, recorded: Recorded) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        await publish(site, {"traceparent": f"00-{TRACE}-{PARENT}-00"})
        await publish(site, {})
        await eventually(lambda: len(recorded.named("fan-out")) == 4, what="the fan-outs of the others")
    assert [one.name for one in recorded.named("") if trace_of(one) == TRACE] == []


@pytest.mark.parametrize("given", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", "00-" + "f" * 5000])
async def test_traceparent_that_is_none_begins_a_trace(
    sqlite_url: str, recorded: Recorded, given: str
) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        assert (await publish(site, {"traceparent": given})).status_code == 201
    assert all(one.parent is None for one in recorded.named("POST"))


async def test_no_span_has_a_payload_a_token_or_the_text_of_an_exception(
    sqlite_url: str, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        await publish(site, SAMPLED)
        refused = await site.http.get(f"{NOTIFICATIONS}/stream", params={"token": "a-token"}, headers=SAMPLED)
        assert refused.status_code == 401
        assert site.lumen._services is not None

        async def fail(*_: object) -> Any:
            raise ValueError("the-content-of-a-notification")

        committer = site.lumen._services.committer
        monkeypatch.setattr(committer, "_handlers", {**committer._handlers, Publish: fail})
        assert (await publish(site, SAMPLED)).status_code == 500
    spans = [one for one in recorded.named("") if trace_of(one) == TRACE]
    text = "".join(one.to_json() for one in spans)
    for secret in ("the-content", "a-token", "eyJ"):
        assert secret not in text
    failed = [one for one in spans if one.status.status_code is StatusCode.ERROR]
    assert {one.name for one in failed} == {f"POST {NOTIFICATIONS}", "commit Publish"}
    assert {(one.attributes or {})["error.type"] for one in failed} == {"ValueError"}


async def test_refusal_is_no_failure_of_the_server(sqlite_url: str, recorded: Recorded) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        body = {**BODY, "to": {"room": "nowhere"}}
        assert (await publish(site, SAMPLED, body)).status_code == 404
    (commit,) = [one for one in recorded.named("commit Publish") if trace_of(one) == TRACE]
    assert (commit.attributes or {})["error.type"] == "not_found"
    assert commit.status.status_code is StatusCode.UNSET


async def test_call_of_the_library_is_in_the_span_of_its_application(
    sqlite_url: str, recorded: Recorded
) -> None:
    async with open_site(sqlite_url, tracing="on") as site:
        application = recorded.open_provider("application").used.get_tracer("a")
        with application.start_as_current_span("their span") as span:
            await site.lumen.publish("bob", category="like", content="hi")
        context = span.get_span_context()
        before = len(recorded.named("commit"))
        await site.lumen.publish("bob", category="like", content="nobody traces this")
        assert len(recorded.named("commit")) == before
    (commit,) = [one for one in recorded.named("commit") if one.context.trace_id == context.trace_id]
    assert commit.parent is not None
    assert commit.parent.span_id == context.span_id


def test_provider_of_the_application_is_used_and_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: theirs)
    assert otel.open_provider("a") == Provider(theirs, None)


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
def test_standard_variables_switch_it_off(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert otel.open_provider("a") is None


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "lumen-notify"),
        ({"OTEL_SERVICE_NAME": "bell"}, "bell"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=bell,a=b"}, "bell"),
    ],
)
async def test_service_has_a_name(
    environ: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    provider = otel.open_provider("web-1:1")
    assert provider is not None
    assert provider.own is not None
    attributes = provider.own.resource.attributes
    assert (attributes["service.name"], attributes["service.instance.id"]) == (name, "web-1:1")
    await OtelTracer(provider, "web-1:1", lambda _: None).close()


def test_messages_to_other_instances_are_short_and_nonsense_in_them_is_dropped(recorded: Recorded) -> None:
    sent: list[Any] = []
    tracer = OtelTracer(recorded.open_provider("a"), "a", sent.append)
    spans = [tracer._tracer.start_span("a") for _ in range(100)]
    answers = [[type("Answer", (), {"position": n})] for n in range(100)]
    tracer.committed(spans, answers, range(100), 0)
    assert [len(one["events"]) for one in sent] == [MAX_IN_MESSAGE, MAX_IN_MESSAGE, 20]
    other = OtelTracer(recorded.open_provider("b"), "b", sent.append)
    other.receive({"events": [["1", "a"], [2, 3], [4, "nonsense"], [5, sent[0]["events"][5][1]]]})
    other.delivered(1, 10, 0)
    (fan_out,) = recorded.of("b")
    assert (fan_out.attributes or {})["lumen.position"] == 5


def test_what_an_exporter_raises_is_logged(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    tracer = OtelTracer(recorded.open_provider("a"), "a", lambda _: None)
    tracer.committed([object()], [None], [], 0)  # type: ignore[list-item]
    assert caplog.messages == ["Spans could not be made."]
