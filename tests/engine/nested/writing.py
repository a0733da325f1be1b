"""Shared parts of the tests of nested writes: the two mutations of an object, and the events of a write in short."""

import re
from collections.abc import Sequence
from typing import Any

from tests.apis import Apis
from tests.citus_cluster import ON_CITUS
from tests.engine.records import check_unchanged, take_events

Brief = tuple[str, str, str]
"""An event: its action, the singular name of its object, the id of its record."""


def create_text(singular: str, fields: str = "id", *, many: bool = False, plural: str = "") -> str:
    """The mutation that creates a record, or records, of the variable `d`."""
    name = _capitalised(singular)
    if many:
        return f"mutation ($d: [{name}Input!]!) {{ create{_capitalised(plural)}(data: $d) {{ {fields} }} }}"
    return f"mutation ($d: {name}Input!) {{ create{name}(data: $d) {{ {fields} }} }}"


def update_text(singular: str, fields: str = "id") -> str:
    """The mutation that changes the record of the variable `id` by the variable `d`."""
    name = _capitalised(singular)
    return f"mutation ($id: UUID!, $d: {name}Input!) {{ update{name}(id: $id, data: $d) {{ {fields} }} }}"


def _capitalised(name: str) -> str:
    return name[0].upper() + name[1:]


async def create(apis: Apis, singular: str, fields: str = "id", **data: Any) -> Any:
    """The answer of a create."""
    return next(iter((await apis.data(create_text(singular, fields), d=data)).values()))


async def update(apis: Apis, singular: str, id_: str, fields: str = "id", **data: Any) -> Any:
    """The answer of an update."""
    return next(iter((await apis.data(update_text(singular, fields), id=id_, d=data)).values()))


async def briefs(apis: Apis) -> list[Brief]:
    """The events since they were last taken; the chain of each record is unbroken, and each has its own time."""
    names = {object_.id: object_.name_singular for object_ in (await apis.snapshot()).objects.values()}
    events = await take_events(apis)
    last: dict[str, Any] = {}
    for event in events:
        if event.record_id in last:
            assert event.before == last[event.record_id]
        if event.action == "updated":
            assert event.before is not None
            assert event.after is not None
            assert event.before["updatedAt"] < event.after["updatedAt"] or event.record_id in last
        last[event.record_id] = event.after
    return [(event.action, names[event.object_id], event.record_id) for event in events]


def writes_of(apis: Apis) -> list[str]:
    """The statements since the log was cleared, in short: the verb and table of each write, "find" for a look-up."""
    found = []
    for text in apis.database.log.texts:
        written = re.findall(r"written\d* AS \((INSERT INTO|UPDATE) \"\w+\"\.\"(\w+)\"", text)
        if written:
            found.append(" + ".join(f"{verb.split()[0].lower()} {table}" for verb, table in written))
        elif "fieldstone_citus" not in text:  # which has Citus commit in two phases
            found.append("find" if "json_agg" in text else "read")
    apis.database.log.steps.clear()
    return found


def in_one(*writes: str) -> list[str]:
    """These writes of a nested create, in short: one statement, which answers; on Citus one for each, and a read."""
    return [*writes, "read"] if ON_CITUS else [" + ".join(writes)]


async def check_refused(
    apis: Apis, text: str, code: str, message: str, path: list[str | int], **variables: Any
) -> None:
    """The mutation fails with this error at this place of the input, and nothing is written."""
    async with check_unchanged(apis):
        error = await apis.error(text, **variables)
    shown = path[1:] if len(path) == 2 else path
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in shown).removeprefix(".")
    assert (error["message"], error["extensions"]) == (message, {"code": code, "field": written, "input": path})
    assert len(error["path"]) == 1


async def relate(apis: Apis, source: str, name: str, target: str, inverse: str, **more: Any) -> None:
    """Create a relation; `type` and the junction's names go into its payload."""
    objects = (await apis.snapshot()).by_singular
    payload = {
        "targetObjectMetadataId": str(objects[target].id),
        "targetFieldLabel": inverse.title(),
        "targetFieldName": inverse,
        **{key: more.pop(key) for key in tuple(more) if key == "type"},
    }
    given = {
        "objectMetadataId": str(objects[source].id), "name": name, "label": name.title(), "type": "RELATION",
        "relationCreationPayload": payload, **more,
    }  # fmt: skip
    await apis.change("mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }", input=given)


async def relate_to_several(apis: Apis, source: str, name: str, targets: Sequence[str]) -> None:
    """Create a morph relation."""
    objects = (await apis.snapshot()).by_singular
    label = f"Owned {objects[source].label_plural.lower()}"
    given = {
        "objectMetadataId": str(objects[source].id), "name": name, "label": name.title(), "type": "MORPH_RELATION",
        "morphRelationsCreationPayload": [
            {"targetObjectMetadataId": str(objects[target].id), "targetFieldLabel": label} for target in targets
        ],
    }  # fmt: skip
    await apis.change("mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }", input=given)
