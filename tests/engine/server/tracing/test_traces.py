"""Traces, sent to a collector over HTTP: their trees, which requests are sampled, and that no value is in them."""

import json
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from fieldstone.engine.server.fast_path.repeated_request import WarmPath
from fieldstone.engine.server.log import flush_log
from fieldstone.engine.server.tracing.database import TracedDatabase
from fieldstone.engine.server.tracing.tracer import NO_PARENT, Tracer
from fieldstone.engine.settings import ConfigurationError, load_settings
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import CREATE, PEOPLE, Serve, Talk
from tests.engine.server.streams.sockets import connected, streamed
from tests.engine.server.tracing.collector import Collector
from tests.engine.webhooks.target import target_server
from tests.waiting import until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
HOOK = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"


async def test_a_request_is_a_tree_below_the_span_that_it_names(
    start_app: StartApp, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_app(tracing=True, log_level="info", log_format="json") as (_, client):
        await client.post("/graphql", json={"query": "{ __typename }"})  # Its key is looked up by a statement.
        answer = await client.post(
            "/graphql",
            json={"query": PEOPLE.replace("query", "query Named"), "variables": {"n": "x"}, "operationName": "Named"},
            headers={**SAMPLED, "X-Request-Id": "mine"},
        )
        assert answer.status_code == 200
        # The span of the request is the last one to end.
        await until(lambda: any(one.parent_id == PARENT for one in collector.spans))
    assert collector.trees(TRACE) == [
        ("POST /graphql", [("operation", [("SQL read", []), ("compile", []), ("validate", [])])])
    ]
    spans = {span.name: span for span in collector.spans if span.trace_id == TRACE}
    request = spans["POST /graphql"]
    assert (request.parent_id, request.kind, request.is_error, request.service) == (PARENT, 2, False, "fieldstone")
    wanted = {"http.request.method": "POST", "http.response.status_code": 200, "fieldstone.request_id": "mine"}
    assert request.attributes.items() >= wanted.items()
    assert spans["operation"].attributes["graphql.operation.name"] == "Named"
    assert spans["SQL read"].attributes["db.query.text"].startswith("SELECT ")
    flush_log()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["trace_id"] for line in lines if line.get("request_id") == "mine"] == [TRACE]


async def test_a_mutation_has_its_transaction_and_no_values(start_app: StartApp, collector: Collector) -> None:
    query = """mutation ($n: String) { a: createPerson(data: {firstName: $n, email: "s3cret@example.com"}) { id }
        b: createPerson(data: {firstName: $n, email: "s3cret@example.com"}) { id } }"""
    async with start_app(tracing=True) as (_, client):
        answer = await client.post("/graphql", json={"query": query, "variables": {"n": "V4lue"}}, headers=SAMPLED)
        assert answer.json()["errors"][0]["extensions"]["code"] == "CONFLICT"
        await until(lambda: bool(collector.named("POST /graphql")))
    (transaction,) = [span for span in collector.named("SQL transaction") if span.trace_id == TRACE]
    assert transaction.is_error
    (operation,) = collector.named("operation")
    assert operation.attributes["error.type"] == "CONFLICT"
    sent = b"".join(collector.bodies)
    assert b"INSERT INTO" in sent
    assert b"s3cret" not in sent
    assert b"V4lue" not in sent


async def test_a_traced_transaction_has_a_statement_run_before_the_next(empty_database: str) -> None:
    """With tracing, each write of a workspace on a node of Citus was answered with 500."""
    database = TracedDatabase(Tracer(), empty_database, PoolSettings())
    await database.open()
    try:
        async with database.transaction(share=None) as transaction:
            transaction.precede((Statement(text="CREATE TEMPORARY TABLE before (id int)"), []))
            await transaction.run(Statement(text="INSERT INTO before VALUES (1)"), [])
    finally:
        await database.close()


async def test_the_fast_path_makes_the_spans_of_sampled_requests(
    serve: Serve, collector: Collector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with serve(tracing=True, log_level="info", log_format="json") as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()

        async def ask(flags: str, more: str = "") -> None:
            more = f"traceparent: 00-{TRACE}-{PARENT}-{flags}\r\n{more}"
            assert (await talk.ask(PEOPLE, more=more, n="Ada")).json["data"]["people"]["totalCount"] == 1

        await talk.warm_up(PEOPLE, n="Ada")
        await ask("00")
        assert await serving.warm() == before + 5
        await ask("01")
        await ask("01", "X-Request-Id: mine\r\n")
        assert await serving.warm() == before + 7
        await until(lambda: len(collector.named("POST /graphql")) == 2)
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert {one.parent_id for one in collector.named("POST /graphql")} == {PARENT}
    assert collector.trees(TRACE) == [("POST /graphql", [("operation", [("SQL read", [])])])] * 2
    request = collector.named("POST /graphql")[-1]
    assert (request.kind, request.attributes["http.response.status_code"]) == (2, 200)
    assert request.attributes["fieldstone.request_id"] == "mine"
    assert collector.named("SQL read")[-1].attributes["db.query.text"].startswith("SELECT ")
    flush_log()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["trace_id"] for line in lines if line.get("request_id") == "mine"] == [TRACE]


async def test_a_sampled_request_that_starts_over_is_one_trace(serve: Serve, collector: Collector) -> None:
    async with serve(tracing=True, creates=False) as serving:
        talk = await serving.talk()
        await talk.warm_up(CREATE, e="first@example.com")
        # The answer to a conflict is given by the ordinary path.
        taken = await talk.ask(CREATE, e="first@example.com")
        assert taken.json["errors"][0]["extensions"]["code"] == "CONFLICT"
        await talk.ask(PEOPLE, n="Ada")
        serving.app.flush_traces()
    roots = collector.named("POST /graphql")
    assert len(roots) == len({one.trace_id for one in roots})
    errors = [one for one in collector.named("operation") if one.attributes.get("error.type") == "CONFLICT"]
    assert len({one.trace_id for one in errors}) == len(errors) > 0


async def test_a_part_of_the_requests_of_the_fast_path_is_traced(
    serve: Serve, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    async with serve(tracing=True) as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, times=10, n="Ada")
        serving.app.flush_traces()
        traced, before = len(collector.named("POST /graphql")), await serving.warm()
        await talk.warm_up(PEOPLE, times=60, n="Ada")
        # A key is looked up again each second, so a request may take the ordinary path.
        assert await serving.warm() - before > 50
        serving.app.flush_traces()
    roots = collector.named("POST /graphql")
    assert 0 < len(roots) - traced < 60
    assert len(roots) == len({one.trace_id for one in roots})


@pytest.mark.long
async def test_subscriptions_webhooks_and_sockets_have_traces(start_app: StartApp, collector: Collector) -> None:
    async with target_server() as target, start_app(tracing=True, webhook_allow="127.0.0.0/8") as (app, client):
        made = {"targetUrl": target.url, "operations": ["person.created"]}
        answer = await client.post("/metadata", json={"query": HOOK, "variables": {"input": made}})
        assert "errors" not in answer.json(), answer.text
        authorization = {"authorization": client.headers["Authorization"]}
        services = await app.runtime.ready()
        live = {"query": "subscription { people { totalCount } }"}
        created = {"query": "subscription { personCreated { email } }"}
        async with (
            streamed(app, created, headers=authorization) as events,
            streamed(app, live, headers=authorization) as answers,
            connected(app) as socket,
        ):
            await until(lambda: services.events.hub.members == 2)
            await answers.events(1)
            variables = {"e": "hook@example.com"}
            assert (await client.post("/graphql", json={"query": CREATE, "variables": variables})).status_code == 200
            await events.events(1)
            await answers.events(2)
            await socket.initialise(client.headers["Authorization"].removeprefix("Bearer "))
            await socket.subscribe("1", "{ people { totalCount } }")
            assert (await socket.receive())["payload"] == {"data": {"people": {"totalCount": 1}}}
        (received,) = await _received(target)
        await until(lambda: bool(collector.named("webhook")))
        await until(lambda: {"live events", "live queries"} <= _works(collector))
        app.flush_traces()
    (webhook,) = collector.named("webhook")
    assert (
        received.headers["traceparent"] == f"00-{webhook.trace_id}-{webhook.id}-{received.headers['traceparent'][-2:]}"
    )
    assert webhook.attributes["http.response.status_code"] == 200
    assert webhook.attributes["fieldstone.event"] == "person.created"
    delivered = [
        span for span in collector.named("deliver events") if span.attributes["fieldstone.work"] == "live events"
    ]
    assert ("deliver events", [("SQL read", [])]) in [
        tree for span in delivered for tree in collector.trees(span.trace_id)
    ]
    over_socket = [span for span in collector.named("operation") if not span.parent_id]
    assert [collector.trees(span.trace_id) for span in over_socket] == [
        [("operation", [("SQL read", []), ("compile", []), ("validate", [])])]
    ]


async def _received(target: Any) -> list[Any]:
    await until(lambda: bool(target.received))
    return list(target.received)


def _works(collector: Collector) -> set[str]:
    return {span.attributes["fieldstone.work"] for span in collector.named("deliver events")}


@pytest.mark.long
async def test_nothing_is_traced_by_default(serve: Serve, collector: Collector) -> None:
    async with serve() as serving:
        services = await serving.app.runtime.ready()
        assert type(serving.app.warm) is WarmPath
        assert type(services.foundation.database) is Database
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        plain = await _calls(talk)
        assert not any("opentelemetry" in name or "/tracing/" in name for name in plain)
    assert collector.bodies == []


@pytest.mark.long
async def test_a_request_that_is_not_sampled_costs_a_few_calls(
    serve: Serve, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        plain = await _calls(talk)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.000001")
    async with serve(tracing=True, creates=False) as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        traced = await _calls(talk)
    assert len(plain) > 50
    assert len(traced) - len(plain) < len(plain) / 4


async def _calls(talk: Talk) -> list[str]:
    """Return the files of the functions that a warm request calls in this process: the fewest of several tries."""
    tries = []
    for _ in range(5):
        called: list[str] = []

        def note(frame: Any, event: str, _argument: Any, called: list[str] = called) -> None:
            if event == "call" and "asyncio" not in (file := frame.f_code.co_filename) and "/tests/" not in file:
                called.append(file)

        sys.setprofile(note)
        try:
            await talk.ask(PEOPLE, n="Ada")
        finally:
            sys.setprofile(None)
        tries.append(called)
    return min(tries, key=len)


@pytest.mark.parametrize("sampler", ["traceidratio", "parentbased_traceidratio", "parentbased_always_on", "always_off"])
def test_the_part_that_is_sampled_is_the_one_of_the_sampler(monkeypatch: pytest.MonkeyPatch, sampler: str) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    tracer = Tracer()
    ids = [tracer.make_trace_id() for _ in range(500)]
    sampled = [tracer.samples("POST", one) for one in ids]
    made = [_is_recorded(tracer, one) for one in ids]
    assert sampled == made
    assert any(made) == (sampler != "always_off")


def _is_recorded(tracer: Tracer, trace_id: int) -> bool:
    with tracer.span("POST", NO_PARENT, kind=SpanKind.SERVER, trace_id=trace_id) as span:
        return span.is_recording()


@pytest.mark.long
def test_opentelemetry_is_not_even_imported_by_default() -> None:
    code = (
        "import sys\n"
        "from fieldstone.engine import create_app\n"
        "create_app()\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OTEL_TRACES_EXPORTER", "jaeger", "it must be otlp, console or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "traces are sent by http/protobuf only"),
    ],
)
async def test_an_exporter_that_is_not_there_is_refused(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said):
        async with start_app(tracing=True):
            pass


def test_the_extra_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.engine.settings.groups.serving.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"FIELDSTONE_TRACING .*fieldstone\[otel\]"):
        load_settings(None, tracing=True)
