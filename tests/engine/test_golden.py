"""Golden cases: an operation, the SQL that it compiles to, and what it answers on the sample data.

`make golden` writes the `.sql` and `.json` beside each `.graphql` again; their diff is for people to read, which is why
the SQL has line breaks at its clauses.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.cost import Meter
from fieldstone.engine.request.cold_path import Call, ColdPath
from fieldstone.engine.request.plan_cache import DocumentKey, Plan, PlanCache, QueryPlan
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.engine.request.variables import coerce_variables
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.changes import CreateField, NewRelation, apply
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Snapshot
from tests.apis import LIMITS, PRINCIPAL, WORKSPACE_ID, as_json, open_apis
from tests.databases import Databases
from tests.specimens import golden_template
from tests.sql_layout import lay_out

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


@pytest.mark.parametrize("name", CASES)
async def test_case(name: str, golden_dsn: str, request: pytest.FixtureRequest) -> None:
    given = GOLDEN / f"{name}.variables.json"
    variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    async with open_apis(golden_dsn) as apis:
        text = (GOLDEN / f"{name}.graphql").read_text(encoding="utf-8")
        answer = await apis.send(text, variables)
        found = {
            "sql": "".join(f"{lay_out(text)};\n" for text in apis.database.log.texts),
            "json": as_json(json.loads(answer.body)) + "\n",
        }
        if not text.startswith("mutation") and "errors" not in found["json"] and name != "introspection_type":
            assert await apis.send_warm(text, variables) == answer.body
    for suffix, written in found.items():
        path = GOLDEN / f"{name}.{suffix}"
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
    grown, kept = grow(before), PlanCache(len(CASES))
    tried, work = 0, WorkThread()
    for name in CASES:
        given = GOLDEN / f"{name}.variables.json"
        variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
        text = (GOLDEN / f"{name}.graphql").read_text(encoding="utf-8")
        key = DocumentKey(workspace=WORKSPACE_ID.int, text=text, operation_name=None)

        async def plan_with(
            cache: PlanCache, snapshot: Snapshot, key: DocumentKey = key, variables: Any = variables
        ) -> Plan | None:
            schema, cold = lazy_schema(snapshot), ColdPath(cache, LIMITS, work)
            try:
                prepared = await cold.prepare(key, snapshot, schema)
                values = coerce_variables(schema, prepared.declarations, variables, depth=LIMITS.document.depth)
                return await cold.plan(
                    Call(PRINCIPAL, snapshot, schema, prepared, values, Meter(limit=0), is_large=False)
                )
            except (ApiError, InvalidDocument):
                return None

        old, new = await plan_with(kept, before), await plan_with(kept, grown)
        anew = await plan_with(PlanCache(1), grown)
        if isinstance(old, QueryPlan) and old.statement is not None:
            tried += 1
            assert isinstance(new, QueryPlan)
            assert isinstance(anew, QueryPlan)
            assert new.statement is not None
            assert anew.statement is not None
            assert new.statement.statement.text == anew.statement.statement.text
            # What asks for the schema itself is made anew, and what looks for indexes where there are others.
            is_same = "__type(" not in text and old.indexes == anew.indexes
            assert (new.statement is old.statement) is is_same
            assert all(new.depends[id_] is grown.objects[id_] for id_ in anew.depends)
            assert (new.depends, new.indexes) == (anew.depends, anew.indexes)
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
