"""The statements that `benchmarks.sql` measures: Fieldstone's own, the baseline's, and other ways to write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template

import psycopg

from benchmarks.baseline.statements import build_statements
from benchmarks.graphql import read_operations
from benchmarks.workloads import WORKLOADS, Variables
from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.request.compile import Limits, plan_operation, validate_text
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.valid_operation import QueryPlan
from fieldstone.engine.request.variables import coerce_variables
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.elements import And, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import (
    Connection,
    Cursor,
    Edges,
    OrderKey,
    Page,
    PageFact,
    PageInfo,
    Record,
    Value,
)
from fieldstone.sql.plan.read import ReadPlan
from fieldstone.sql.types import Encoding, SqlType

DEEP_ROWS = 1_000_000
_LIMITS = Limits(document=DocumentLimits(), records=RecordLimits())
_OPERATIONS = read_operations("fieldstone")
_WORKLOADS = {workload.name: workload for workload in WORKLOADS}
_PARAMETERS = 40
SESSION = "-c TimeZone=UTC -c jit=off -c search_path=pg_catalog -c plan_cache_mode="
"""Settings of a session that runs the statements, up to the mode of its plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to write a statement.

    Attributes:
        parameters: its values, used in turn.
        mode: plan_cache_mode.
    """

    name: str
    text: str
    parameters: Sequence[Sequence[bytes]]
    mode: str = "auto"


_FROM = """
    FROM (
        SELECT id, "firstName", "lastName", phone, "companyId", "createdAt" FROM ${schema}.person
        WHERE "createdAt" >= $$1::timestamptz AND "deletedAt" IS NULL ORDER BY "createdAt", id LIMIT 50
    ) AS p
    LEFT JOIN ${schema}.company AS c ON c.id = p."companyId" AND c."deletedAt" IS NULL
    LEFT JOIN LATERAL (SELECT ${activity} AS edges FROM (
        SELECT id, title, type, "completedAt" FROM ${schema}.activity WHERE "personId" = p.id AND "deletedAt" IS NULL
        ORDER BY "createdAt" DESC, id DESC LIMIT 10
    ) AS a) AS a ON true
    LEFT JOIN LATERAL (SELECT ${opportunity} AS edges FROM (
        SELECT id, amount, stage FROM ${schema}.opportunity WHERE "personId" = p.id AND "deletedAt" IS NULL
        ORDER BY "createdAt" DESC, id DESC LIMIT 10
    ) AS o) AS o ON true
    ORDER BY p."createdAt", p.id
"""
_ROW_TO_JSON = """
SELECT json_build_object('people', json_build_object('edges',
    coalesce(json_agg(json_build_object('node', node)), '[]')))
FROM (SELECT row_to_json(n) AS node FROM (
    SELECT p.id, p."firstName", p."lastName", p.phone,
        CASE WHEN c.id IS NOT NULL THEN
            (SELECT row_to_json(r) FROM (SELECT c.id, c.name, c.website) AS r) END AS company,
        json_build_object('edges', coalesce(a.edges, '[]')) AS activities,
        json_build_object('edges', coalesce(o.edges, '[]')) AS opportunities
    ${rows}
) AS n) AS nodes
"""
_ROWS_TO_JSON = {
    "activity": "json_agg(json_build_object('node', row_to_json(a)))",
    "opportunity": "json_agg(json_build_object('node', row_to_json(o)))",
}
_JSON_BUILD_OBJECT = """
SELECT json_build_object('people', json_build_object('edges', coalesce(json_agg(node), '[]'))) FROM (
    SELECT json_build_object('node', json_build_object(
        'id', p.id, 'firstName', p."firstName", 'lastName', p."lastName", 'phone', p.phone,
        'company', CASE WHEN c.id IS NOT NULL THEN
            json_build_object('id', c.id, 'name', c.name, 'website', c.website) END,
        'activities', json_build_object('edges', coalesce(a.edges, '[]')),
        'opportunities', json_build_object('edges', coalesce(o.edges, '[]')))) AS node
    ${rows}
) AS nodes
"""
_JSON_OBJECTS = {
    "activity": """json_agg(json_build_object('node', json_build_object(
        'id', a.id, 'title', a.title, 'type', a.type, 'completedAt', a."completedAt")))""",
    "opportunity": """json_agg(json_build_object('node', json_build_object(
        'id', o.id, 'amount', o.amount, 'stage', o.stage)))""",
}


async def output_forms(dsn: str, schema: str) -> list[Form]:
    """W3 with its answer made as text, by row_to_json and by json_build_object; by LATERAL and by sub-selects."""
    own = await own_statement(dsn, "W3")
    since = [[str(one["since"]).encode()] for one in _values("W3")]
    by_row = Template(_FROM).substitute(_ROWS_TO_JSON, schema=schema)
    by_key = Template(_FROM).substitute(_JSON_OBJECTS, schema=schema)
    objects = Template(_JSON_BUILD_OBJECT).substitute(rows=by_key)
    others = {
        "text, LATERAL (the baseline's)": build_statements(schema).nested,
        "row_to_json, LATERAL": Template(_ROW_TO_JSON).substitute(rows=by_row),
        "json_build_object, LATERAL": objects,
        "jsonb_build_object, LATERAL": objects.replace("json_", "jsonb_"),
    }
    return [
        Form(name="text, scalar sub-selects (Fieldstone's)", text=own.text, parameters=own.parameters),
        *[Form(name=name, text=text, parameters=since) for name, text in others.items()],
    ]


async def plan_forms(dsn: str) -> list[Form]:
    """Fieldstone's statements with the plan that PostgreSQL chooses, a generic one, and a new one each time."""
    forms: list[Form] = []
    for name in ("W1", "W3", "W5"):
        own = await own_statement(dsn, name)
        forms += [
            replace(own, name=f"{name}, {mode}", mode=mode)
            for mode in ("auto", "force_generic_plan", "force_custom_plan")
        ]
    return forms


async def pattern_forms(dsn: str, schema: str) -> list[Form]:
    """W2 with patterns that few and that many rows fulfil, as Fieldstone and as the baseline find them."""
    forms: list[Form] = []
    few = [str(one["fragment"]) for one in _values("W2")]
    for title, fragments in {"a dozen rows": few, "1 % of the rows": [".11"], "all rows": [".com"]}.items():
        own = await own_statement(dsn, "W2", [{"fragment": one} for one in fragments])
        plain = [[f"%{one}%".encode()] for one in fragments]
        forms.append(Form(name=f"{title}, Fieldstone", text=own.text, parameters=own.parameters))
        forms.append(Form(name=f"{title}, baseline", text=build_statements(schema).search, parameters=plain))
    return forms


def _values(name: str) -> list[Variables]:
    return _WORKLOADS[name].variables()[:_PARAMETERS]


async def own_statement(dsn: str, name: str, given: Sequence[Variables] | None = None) -> Form:
    """Return the statement that Fieldstone sends for a workload, with the parameters of its requests."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        found = await (await connection.execute("SELECT id FROM fieldstone.workspace")).fetchone()
        if found is None:
            raise LookupError("there is no workspace")
        snapshot = await read_snapshot(connection, found[0])
        if given is None:
            given = _values(name)
        workload = _WORKLOADS[name]
        if workload.cursor:
            given = [{"after": await _cursor(connection, snapshot, workload.cursor, one)} for one in given]
    compiled = [_compile(snapshot, workload.operation, one) for one in given]
    return Form(name=name, text=compiled[0][0], parameters=[parameters for _, parameters in compiled])


async def _cursor(connection: psycopg.AsyncConnection, snapshot: Snapshot, operation: str, values: Variables) -> str:
    text, parameters = _compile(snapshot, operation, values)
    cursor = psycopg.AsyncRawCursor(connection)
    row = await (await cursor.execute(text.encode(), [one.decode() for one in parameters])).fetchone()
    if row is None:
        raise LookupError("there is no cursor")
    (found,) = loads(row[0]).values()
    return str(found["edges"][0]["cursor"] if "edges" in found else found["pageInfo"]["endCursor"])


def _compile(snapshot: Snapshot, operation: str, values: Variables) -> tuple[str, list[bytes]]:
    schema = lazy_schema(snapshot)
    key = OperationKey(workspace=snapshot.workspace.id.int, text=_OPERATIONS[operation], operation_name=None)
    valid = validate_text(key, snapshot, schema, RecentOperations(_LIMITS.document))
    variables = coerce_variables(schema, valid.declarations, values, depth=_LIMITS.document.depth)
    plan = plan_operation(valid, snapshot, schema, _LIMITS, variables)
    if not isinstance(plan, QueryPlan) or plan.statement is None:
        raise LookupError(f"{operation} asks nothing of the database")
    parameters = plan.bind(Bindings(variables=variables, actor=""))
    return plan.statement.statement.text, [value for value in parameters if value is not None]


# `a` is NULL in a third of the rows and shared by ten elsewhere; `r` is required.
_DEEP = """
CREATE TABLE public.deep (id uuid PRIMARY KEY, a integer, r integer NOT NULL);
INSERT INTO public.deep
SELECT uuid_in(md5(n::text)::cstring), CASE WHEN n % 3 > 0 THEN n * 7919::bigint % 66000 END, n / 2
FROM generate_series(1, 1000000) AS n;
CREATE INDEX ON public.deep (a, id);
CREATE INDEX ON public.deep (r, id);
"""
_TABLE = Table(schema="public", name="deep")
_ID = Column(name="id", type=SqlType.UUID, nullable=False)
_A = Column(name="a", type=SqlType.INTEGER)
_R = Column(name="r", type=SqlType.INTEGER, nullable=False)
_SOMEWHERE = b"80000000-0000-0000-0000-000000000000"


def fill_deep(dsn: str) -> None:
    """Make the table of the deep pages."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_DEEP)
        connection.execute("VACUUM ANALYZE public.deep")


def deep_pages() -> list[Form]:
    """Pages of each shape of order: the first, those behind the middle of the values and of the NULLs, and backward."""

    def by_id(*, descending: bool = False) -> OrderKey:
        return OrderKey(operand=_ID, descending=descending, nullable=False)

    required = OrderKey(operand=_R, nullable=False)
    orders: Mapping[str, tuple[OrderKey, OrderKey]] = {
        "required, id": (required, by_id()),
        "required, id DESC": (required, by_id(descending=True)),
        "nullable, id": (OrderKey(operand=_A), by_id()),
        "nullable NULLS FIRST, id": (OrderKey(operand=_A, nulls_first=True), by_id()),
        "nullable DESC NULLS FIRST, id DESC": (
            OrderKey(operand=_A, descending=True, nulls_first=True),
            by_id(descending=True),
        ),
        "nullable DESC NULLS LAST, id DESC": (OrderKey(operand=_A, descending=True), by_id(descending=True)),
        "nullable, id DESC": (OrderKey(operand=_A), by_id(descending=True)),
    }
    at = {"first": None, "behind a value": b"33000", "behind a NULL": b""}
    return [
        _deep_page(f"{name}: {place}{', backward' if backward else ''}", order, value, backward=backward)
        for name, order in orders.items()
        for place, value in at.items()
        for backward in (False, True)
        if value != b"" or order[0].nullable
    ]


def _deep_page(name: str, order: tuple[OrderKey, ...], value: bytes | None, *, backward: bool) -> Form:
    key = Parameter(slot=1, type=SqlType.UUID)
    seek: tuple[Parameter | None, ...] | None = None
    parameters: list[bytes] = []
    if value == b"":
        seek, parameters = (None, Parameter(slot=0, type=SqlType.UUID)), [_SOMEWHERE]
    elif value is not None:
        seek, parameters = (Parameter(slot=0, type=SqlType.INTEGER), key), [value, _SOMEWHERE]
    node = Record(
        entries=(
            ("id", Value(column=_ID, encoding=Encoding.QUOTED)),
            ("a", Value(column=_A, encoding=Encoding.BARE)),
        )
    )
    connection = Connection(
        table=_TABLE,
        condition=And(terms=()),
        order=order,
        page=Page(limit=50, backward=backward, seek=seek),
        cursor_tag="bench",
        entries=(
            ("edges", Edges(entries=(("node", node), ("cursor", Cursor())))),
            ("pageInfo", PageInfo(entries=(("more", PageFact.HAS_PREVIOUS if backward else PageFact.HAS_NEXT),))),
        ),
    )
    return Form(name=name, text=compile_plan(ReadPlan(entries=(("deep", connection),))).text, parameters=[parameters])
