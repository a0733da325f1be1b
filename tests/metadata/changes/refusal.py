"""A change that is refused, and that it leaves the catalog and the tables as they were."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from fieldstone.metadata.changes import Change, CreateField, CreateIndex
from fieldstone.metadata.errors import InvalidChange, MetadataError
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person, whole_state

Build = Callable[[Snapshot], Iterable[Change]]
State = list[list[Any]]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A change, and its refusal."""

    build: Build
    field: str | None
    says: str
    kind: type[MetadataError] = InvalidChange


def refused_object(field: str, says: str, kind: type[MetadataError] = InvalidChange, **inputs: Any) -> Refusal:
    names = {"name_singular": "project", "name_plural": "projects"} | inputs
    singular, plural = names.pop("name_singular"), names.pop("name_plural")
    return Refusal(build=lambda _: [new_object(singular, plural, **names)], field=field, says=says, kind=kind)


def refused_field(
    field: str,
    says: str,
    type_: FieldType = FieldType.TEXT,
    kind: type[MetadataError] = InvalidChange,
    name: str = "extra",
    **inputs: Any,
) -> Refusal:
    return Refusal(
        build=lambda snapshot: [new_field(person(snapshot), name, type_, **inputs)], field=field, says=says, kind=kind
    )


def refused_relation(
    field: str, says: str, kind: type[MetadataError] = InvalidChange, name: str = "extra", **inputs: Any
) -> Refusal:
    label = inputs.pop("label_there", "Things")
    inputs |= {"kind": inputs.pop("type_there")} if "type_there" in inputs else {}

    def build(snapshot: Snapshot) -> Iterable[CreateField]:
        return [new_relation(person(snapshot), name, snapshot.by_singular["company"], label, **inputs)]

    return Refusal(build=build, field=field, says=says, kind=kind)


def select(*values: Any) -> list[dict[str, Any]]:
    return [{"value": value, "label": str(value)} for value in values]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


NOBODY = UUID(int=7)


def index_on(snapshot: Snapshot, field: str, method: str) -> CreateIndex:
    object_ = person(snapshot)
    return CreateIndex(object_id=object_.id, field_ids=(object_.by_name[field].id,), method=method)


async def check_refused(refusal: Refusal, desk: Desk, model_dsn: str, before: State | None = None) -> None:
    """Check that a change is refused as foretold, and that nothing of it is left in the database or at hand.

    Args:
        refusal: the change.
        desk: the process that is asked for it.
        model_dsn: the address of the database.
        before: the whole state of a database that is shared, since no change of it is made.
    """
    before, model = before or whole_state(model_dsn), await desk.default()
    with pytest.raises(MetadataError) as caught:
        await desk.change(refusal.build)
    assert refusal.says in caught.value.message
    assert (type(caught.value), caught.value.field) == (refusal.kind, refusal.field)
    assert whole_state(model_dsn) == before
    assert await desk.default() is model
