"""Shared parts of the tests of upserts: the mutations, an object with several unique keys, and the chain of events."""

from typing import Any

from tests.apis import Apis
from tests.engine.records import Event, take_events

ONE = """mutation ($d: PersonInput!, $c: PersonOnConflictInput!) {
  upsertPerson(data: $d, onConflict: $c) { created record { id email firstName lastName city deletedAt } }
}"""
MANY = """mutation ($d: [PersonInput!]!, $c: PersonOnConflictInput!) {
  upsertPeople(data: $d, onConflict: $c) { created record { email firstName lastName } }
}"""
BY_EMAIL = {"fields": ["email"]}


async def upsert(apis: Apis, data: dict[str, Any], **conflict: Any) -> dict[str, Any]:
    answer = await apis.data(ONE, d=data, c=BY_EMAIL | conflict)
    return dict(answer["upsertPerson"])


async def refusal(apis: Apis, text: str, **variables: Any) -> tuple[str, dict[str, Any]]:
    """The message and the extensions of a refused mutation, which has written nothing."""
    await take_events(apis)
    error = await apis.error(text, **variables)
    assert await take_events(apis) == []
    return error["message"], error["extensions"]


def check_chain(events: list[Event]) -> None:
    """Every event of a record begins with the record that the one before left."""
    last: dict[str, Any] = {}
    for event in events:
        assert event.before == last.get(event.record_id)
        last[event.record_id] = event.after


async def make_codes(apis: Apis) -> None:
    """An object with a unique field that may be NULL, and a unique key of two fields."""
    made = await apis.change(
        'mutation { createObject(input: {nameSingular: "code", namePlural: "codes", labelSingular: "Code",'
        ' labelPlural: "Codes"}) { id } }'
    )
    fields = {}
    for name, type_, more in (
        ("code", "TEXT", ", isUnique: true"),
        ("country", "TEXT", ""),
        ("place", "NUMBER", ', settings: {dataType: "int"}'),
    ):
        field = await apis.change(
            f'mutation ($o: UUID!) {{ createField(input: {{objectMetadataId: $o, name: "{name}", label: "{name}",'
            f" type: {type_}{more}}}) {{ id }} }}",
            o=made["createObject"]["id"],
        )
        fields[name] = field["createField"]["id"]
    await apis.change(
        "mutation ($o: UUID!, $f: [UUID!]!) { createIndex(input: {objectMetadataId: $o, fieldMetadataIds: $f,"
        " isUnique: true}) { id } }",
        o=made["createObject"]["id"],
        f=[fields["country"], fields["place"]],
    )
