"""A record that leads to a deleted, restored or destroyed one: its fate for each kind of relation."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import check_refused, count, create, take_events
from tests.engine.removing import CREATE_FIELD, make_object, waiting

KINDS = ("MANY_TO_ONE", "ONE_TO_ONE", "SELF", "MORPH")
RULES = ("SET_NULL", "CASCADE", "RESTRICT")


async def relate(apis: Apis, source: str, target: str, kind: str, rule: str) -> str:
    """A relation of this kind from one object to another; the name of the field that leads there."""
    payload = {"targetObjectMetadataId": target, "targetFieldLabel": "boxes of"}
    given: dict[str, Any] = {"objectMetadataId": source, "name": "shelf", "label": "shelf"}
    given["settings"] = {"onDelete": rule}
    if kind == "MORPH":
        name = "person"
        other = {
            "targetObjectMetadataId": str((await apis.snapshot()).by_singular[name].id),
            "targetFieldLabel": "boxes",
        }
        given |= {"type": "MORPH_RELATION", "morphRelationsCreationPayload": [payload, other]}
    else:
        kinds = {"type": "MANY_TO_ONE" if kind == "SELF" else kind}
        given |= {"type": "RELATION", "relationCreationPayload": payload | kinds}
    await apis.change(CREATE_FIELD, f=given)
    return "shelfShelf" if kind == "MORPH" else "shelf"


async def write(apis: Apis, verb: str, name: str, id_: str) -> None:
    """Delete, restore or destroy a record."""
    await apis.data(f"mutation ($id: UUID!) {{ {verb}{name}(id: $id) {{ id }} }}", id=id_)


async def events(apis: Apis) -> list[tuple[str, str]]:
    """The events since they were last asked for, by record."""
    return sorted((event.action, event.record_id) for event in await take_events(apis))


@pytest.mark.parametrize("held_is_deleted", [False, True])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_rule_for_each_kind(kind: str, rule: str, held_is_deleted: bool, apis: Apis) -> None:
    shelf = await make_object(apis, "shelf")
    box = shelf if kind == "SELF" else await make_object(apis, "box")
    field = await relate(apis, box, shelf, kind, rule)
    one, many = ("shelf", "shelfs") if kind == "SELF" else ("box", "boxs")
    target = await create(apis, "shelf")
    held = await create(apis, one, **{f"{field}Id": target})
    if held_is_deleted:
        await write(apis, "delete", one.title(), held)
    await events(apis)

    async def read() -> Any:
        either = "{ or: [{ deletedAt: { is: NULL } }, { deletedAt: { is: NOT_NULL } }], id: { eq: $id } }"
        text = (
            f"query ($id: UUID!) {{ {many}(filter: {either}) {{ edges {{ node {{ {field}Id {field} {{ id }} }} }} }} }}"
        )
        edges = (await apis.data(text, id=held))[many]["edges"]
        return edges[0]["node"] if edges else None

    there = {f"{field}Id": target, field: {"id": target}}
    assert await read() == there

    # Deleted, the key stays and leads to nothing; restored, it leads there again. Nothing else is written.
    await write(apis, "delete", "Shelf", target)
    assert (await read(), await events(apis)) == ({f"{field}Id": target, field: None}, [("deleted", target)])
    await write(apis, "restore", "Shelf", target)
    assert (await read(), await events(apis)) == (there, [("restored", target)])

    if rule == "RESTRICT":
        text = f'mutation {{ destroyShelf(id: "{target}") {{ id }} }}'
        await check_refused(apis, text, "CONFLICT", waiting(many, field, 1), field=field)
        await write(apis, "destroy", one.title(), held)
        await events(apis)
    await write(apis, "destroy", "Shelf", target)
    left, told = await read(), await events(apis)
    match rule:
        case "SET_NULL":
            assert left == {f"{field}Id": None, field: None}
            assert told == [("destroyed", target), ("updated", held)]
        case "CASCADE":
            assert (left, told) == (None, sorted([("destroyed", held), ("destroyed", target)]))
        case _:
            assert (left, told) == (None, [("destroyed", target)])


async def test_the_links_of_a_many_to_many_relation_go_with_either_record(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    payload = {
        "targetObjectMetadataId": str(snapshot.by_singular["person"].id), "targetFieldLabel": "Advises",
        "type": "MANY_TO_MANY",
    }  # fmt: skip
    given = {
        "objectMetadataId": str(snapshot.by_singular["company"].id), "name": "advisers", "label": "Advisers",
        "type": "RELATION", "relationCreationPayload": payload,
    }  # fmt: skip
    await apis.change(CREATE_FIELD, f=given)
    acme, blue = await create(apis, "company"), await create(apis, "company")
    ada, bob = await create(apis, "person", email="ada@x"), await create(apis, "person", email="bob@x")
    first = await create(apis, "companyPerson", companyId=acme, personId=ada)
    second = await create(apis, "companyPerson", companyId=acme, personId=bob)
    third = await create(apis, "companyPerson", companyId=blue, personId=ada)
    await events(apis)
    shown = "{ companyPeople(orderBy: { id: ASC }) { edges { node { id person { email } company { id } } } } }"

    # Deleted, a record is no longer seen across its links, which stay.
    await write(apis, "delete", "Person", ada)
    nodes = [edge["node"] for edge in (await apis.data(shown))["companyPeople"]["edges"]]
    assert {node["id"]: node["person"] for node in nodes} == {first: None, second: {"email": "bob@x"}, third: None}
    await write(apis, "restore", "Person", ada)
    assert await events(apis) == [("deleted", ada), ("restored", ada)]

    # A link that is deleted gives its pair free for another, and cannot come back beside it.
    await write(apis, "delete", "CompanyPerson", first)
    again = await create(apis, "companyPerson", companyId=acme, personId=ada)
    text = "mutation ($id: UUID!) { restoreCompanyPerson(id: $id) { id } }"
    assert (await apis.error(text, id=first))["extensions"]["code"] == "CONFLICT"
    await events(apis)

    # Destroyed, it takes its links along, deleted ones too, and nobody at their other ends.
    await write(apis, "destroy", "Company", acme)
    assert await events(apis) == sorted(("destroyed", id_) for id_ in (acme, first, second, again))
    assert [await count(apis, plural) for plural in ("companies", "people", "companyPeople")] == [1, 2, 1]
