"""Golden cases: an operation, the SQL that it compiles to, and its answer on the sample data.

`make golden` writes the `.sql` and `.json` beside each `.graphql` again; their diff is for people to read, which is why
the SQL has line breaks at its clauses.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.engine.request.valid_operation import QueryPlan
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.changes import CreateField, NewRelation, apply
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Index, Object, Snapshot
from tests.apis import LIMITS, PRINCIPAL, WORKSPACE_ID, as_json, open_apis
from tests.citus_cluster import ON_CITUS
from tests.databases import Databases
from tests.specimens import golden_template
from tests.sql_layout import lay_out

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


@pytest.fixture(scope="module")
def unwritten_dsn(databases: Databases) -> Iterator[str]:
    """The database of the cases that only read."""
    with databases.clone(golden_template(databases)) as dsn:
        yield dsn


@pytest.mark.parametrize("name", CASES)
async def test_case(name: str, request: pytest.FixtureRequest) -> None:
    text = (GOLDEN / f"{name}.graphql").read_text(encoding="utf-8")
    given = GOLDEN / f"{name}.variables.json"
    variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    dsn = request.getfixturevalue("golden_dsn" if text.startswith("mutation") else "unwritten_dsn")
    async with open_apis(dsn) as apis:
        answer = await apis.send(text, variables)
        found = {
            "sql": "".join(f"{lay_out(text)};\n" for text in apis.database.log.texts),
            "json": as_json(json.loads(answer.body)) + "\n",
        }
        if not text.startswith("mutation") and "errors" not in found["json"] and name != "introspection_type":
            assert await apis.send_warm(text, variables) == answer.body
    for suffix, written in found.items():
        path = GOLDEN / f"{name}.{suffix}"
        if suffix == "sql" and ON_CITUS:
            continue  # some statements are others there: the answers are the same
        if request.config.getoption("--update-golden"):
            path.write_text(written, encoding="utf-8")
        else:
            assert written == path.read_text(encoding="utf-8")


def grow(snapshot: Snapshot) -> Snapshot:
    """The model with another field of each object, and relations from each to one of them."""
    target = next(iter(snapshot.objects))
    for object_ in snapshot.objects.values():
        relation = NewRelation(target_object_id=target, target_field_label=f"Grown {object_.label_plural}")
        for field in (
            CreateField(object_id=object_.id, name="grown", label="Grown", type=FieldType.TEXT, is_unique=True),
            CreateField(object_id=object_.id, name="tied", label="Tied", type=FieldType.RELATION, relation=relation),
        ):
            snapshot = apply(snapshot, field).snapshot
    return snapshot


async def test_a_query_that_outlives_new_fields_is_what_it_would_be_made_to(golden_dsn: str) -> None:
    async with open_apis(golden_dsn) as apis:
        before = await apis.snapshot()
    tried, work = 0, WorkThread()
    grown, kept = grow(before), Compiler(lazy_schema, LIMITS, work)
    for name in CASES:
        given = GOLDEN / f"{name}.variables.json"
        variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
        text = (GOLDEN / f"{name}.graphql").read_text(encoding="utf-8")
        key = OperationKey(workspace=WORKSPACE_ID.int, text=text, operation_name=None)

        async def plan_with(
            compiler: Compiler, snapshot: Snapshot, key: OperationKey = key, variables: Any = variables
        ) -> tuple[BoundStatement, Mapping[UUID, Object], Mapping[UUID, tuple[Index, ...]]] | None:
            try:
                operation = await compiler.operation(key, snapshot, PRINCIPAL)
                values = compiler.coerce(operation, variables, compiler.schemas.get(snapshot))
                call = Call(PRINCIPAL, snapshot, key, operation, values, Meter(limit=0), is_large=False)
                plan = await compiler.plan(call)
            except (ApiError, InvalidDocument):
                return None
            if not isinstance(plan, QueryPlan) or plan.statement is None:
                return None
            return plan.statement, plan.depends.objects, plan.depends.indexes

        old, new = await plan_with(kept, before), await plan_with(kept, grown)
        made = await plan_with(Compiler(lazy_schema, LIMITS, work), grown)
        if old is not None:
            tried += 1
            assert new is not None
            assert made is not None
            assert new[0].statement.text == made[0].statement.text
            # Queries for the schema and searches, which read all fields, are made again, and so are those that look for
            # indexes where there are others.
            is_same = "__type(" not in text and "search(" not in text and old[2] == made[2]
            assert (new[0] is old[0]) is is_same
            assert all(new[1][id_] is grown.objects[id_] for id_ in made[1])
            assert new[1:] == made[1:]
    assert tried >= 30


def test_there_are_enough() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("field_type", FieldType, ids=lambda field_type: field_type.value)
def test_every_field_type_has_its_case(field_type: FieldType) -> None:
    assert f"type_{field_type.value.lower()}" in CASES
    entry = FIELD_TYPES[field_type]
    assert entry.description
    for subfield in (*entry.subfields, *(entry.variants or {}).values()):
        assert subfield.operators
        assert subfield.scalar.description
