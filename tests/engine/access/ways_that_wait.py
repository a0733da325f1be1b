"""Writes by a role with several ways, whose checks wait for the end of the mutation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg import sql

from tests.engine.access.few_people import ACME, BOLT, PEOPLE, Bench
from tests.views import RoleClient, granted, view

OWN, OTHER, SPARE, DELETED = PEOPLE[0], PEOPLE[1], PEOPLE[3], PEOPLE[4]
"""A person in Berlin and one in Paris, both at Acme, and two that work nowhere."""
BERLIN, PARIS = {"city": {"eq": "Berlin"}}, {"city": {"eq": "Paris"}}
DONE = "{ __typename }"

WAITS: Mapping[str, Any] = {
    "to-many": {"opportunities": {"isEmpty": False}},
    "to-many of a company": {"company": {"people": {"some": {"email": {"eq": "nobody"}}}}},
    "aggregate": {"opportunitiesAggregate": {"count": {"gt": 7}}},
    "itself": {"manager": {"email": {"eq": "nobody"}}},
    "other statements": {"company": {"name": {"eq": "nobody"}}},
}
"""Conditions that no record fulfils, and that are asked at the end; the last one only beside other statements."""


def waiting(condition: Any, never: Any) -> Any:
    """A check that is the condition, asked at the end."""
    return {"or": [condition, never]}


def ways_to_update(never: Any) -> list[dict[str, Any]]:
    """People in Berlin may be left with the job "a", those in Paris with the job "b", and others with any."""
    jobs = [{"jobTitle": {"eq": job}} for job in "ab"]
    return [
        {"rule": BERLIN, "check": waiting(jobs[0], never)},
        {"rule": PARIS, "check": waiting(jobs[1], never)},
        {"rule": {"city": {"is": "NULL"}}, "check": {}},
    ]


def ways_to_create(never: Any) -> list[dict[str, Any]]:
    """People with a city have the job "a", those with a phone have the job "b", and others one of both."""
    fields = ["email", "jobTitle", "company", "id"]
    return [
        {"only": [*fields, "city"], "check": waiting({"jobTitle": {"eq": "a"}}, never)},
        {"only": [*fields, "phone"], "check": waiting({"jobTitle": {"eq": "b"}}, never)},
    ]


def _listed(*ids: str) -> str:
    return "[" + " ".join(f'"{id_}"' for id_ in ids) + "]"


def _changes(*ids: str) -> str:
    return "[" + " ".join(f'{{ id: "{id_}" data: {{ lastName: "x" }} }}' for id_ in ids) + "]"


def _at(id_: str, people: str) -> str:
    return f'updateCompany(id: "{id_}" data: {{ people: {{ {people} }} }}) {DONE}'


BOTH = frozenset({OWN, OTHER})
_NAMED = 'filter: { email: { in: ["0" "1"] } }'
_NEW_COMPANY = 'company: { create: { name: "n" } }'
_ROWS = '{ email: "1" lastName: "x" } { email: "n" jobTitle: "a" } { email: "0" lastName: "x" }'
_TWO = " ".join(
    f'{key}: updatePerson(id: "{id_}" data: {{ lastName: "x" }}) {DONE}'
    for key, id_ in zip("ab", (OWN, OTHER), strict=True)
)
BY_EMAIL = "onConflict: { fields: [email] }"
CHANGES: Mapping[str, tuple[str, frozenset[str]]] = {
    "update": (f'updatePerson(id: "{OWN}" data: {{ lastName: "x" }}) {DONE}', frozenset({OWN})),
    "update of another": (f'updatePerson(id: "{OTHER}" data: {{ lastName: "x" }}) {DONE}', frozenset({OTHER})),
    "updateMany": (f'updatePeople({_NAMED} data: {{ lastName: "x" }}) {DONE}', BOTH),
    "updates": (f"updatePeople(updates: {_changes(OWN, OTHER)}) {DONE}", BOTH),
    "updates in another order": (f"updatePeople(updates: {_changes(OTHER, OWN)}) {DONE}", BOTH),
    "upsert": (f'upsertPerson(data: {{ email: "0" lastName: "x" }} {BY_EMAIL}) {DONE}', frozenset({OWN})),
    "upsertMany": (f"upsertPeople(data: [{_ROWS}] {BY_EMAIL}) {DONE}", BOTH),
    "upsert by two keys": (
        f'upsertPerson(data: {{ id: "{OTHER}" lastName: "x" email: "1" }}) {DONE}',
        frozenset({OTHER}),
    ),
    "upsert with a company": (
        f'upsertPerson(data: {{ email: "0" {_NEW_COMPANY} }} {BY_EMAIL}) {DONE}',
        frozenset({OWN}),
    ),
    "update with a company": (f'updatePerson(id: "{OWN}" data: {{ {_NEW_COMPANY} }}) {DONE}', frozenset({OWN})),
    "updateMany with a company": (f"updatePeople({_NAMED} data: {{ {_NEW_COMPANY} }}) {DONE}", BOTH),
    "nested update": (_at(ACME, f"update: {_changes(OTHER, OWN)}"), BOTH),
    "connect": (_at(BOLT, f"connect: {_listed(OTHER, OWN)}"), BOTH),
    "connect one that is there": (_at(ACME, f"connect: {_listed(OTHER, SPARE, OWN)}"), frozenset()),
    "disconnect": (_at(ACME, f"disconnect: {_listed(OWN, OTHER)}"), BOTH),
    "set": (_at(ACME, f"set: {_listed(OTHER)}"), frozenset({OWN})),
    "set to others": (_at(ACME, "set: []"), BOTH),
    "connect to a new one": (
        f'createCompany(data: {{ name: "n" people: {{ connect: {_listed(OWN, OTHER)} }} }}) {DONE}',
        BOTH,
    ),
    "merge": (f"mergePeople(ids: {_listed(OWN, SPARE)} conflictPriorityIndex: 0) {DONE}", frozenset({OWN})),
    "merge into another": (
        f"mergePeople(ids: {_listed(SPARE, OTHER)} conflictPriorityIndex: 1) {DONE}",
        frozenset({OTHER}),
    ),
    "merge of companies": (f"mergeCompanies(ids: {_listed(BOLT, ACME)} conflictPriorityIndex: 0) {DONE}", BOTH),
    "two root fields": (_TWO, BOTH),
    "restore": (f'restorePerson(id: "{DELETED}") {DONE}', frozenset()),
}
"""Writes that leave people with the jobs that they have, each with the ids of those that a way with a job must take."""

BY_CITY, BY_PHONE, BY_NONE = 'city: "Rome"', 'phone: "1"', ""
CREATIONS: Mapping[str, str] = {
    "create": f"createPerson(data: {{ DATA }}) {DONE}",
    "createMany": f'createPeople(data: [{{ email: "m" city: "Rome" jobTitle: "a" }} {{ DATA }}]) {DONE}',
    "createMany in another order": (
        f'createPeople(data: [{{ DATA }} {{ email: "m" phone: "1" jobTitle: "b" }}]) {DONE}'
    ),
    "upsert": f"upsertPerson(data: {{ DATA }} {BY_EMAIL}) {DONE}",
    "upsertMany": (
        f'upsertPeople(data: [{{ email: "m" phone: "1" jobTitle: "b" }} {{ email: "2" }} {{ DATA }}] {BY_EMAIL}) {DONE}'
    ),
    "upsert with a company": f'upsertPerson(data: {{ DATA company: {{ create: {{ name: "n" }} }} }} {BY_EMAIL}) {DONE}',
    "create with a company": f'createPerson(data: {{ DATA company: {{ create: {{ name: "n" }} }} }}) {DONE}',
    "create at a company": f'createPerson(data: {{ DATA companyId: "{ACME}" }}) {DONE}',
    "nested create": _at(ACME, 'create: [{ email: "m" city: "Rome" jobTitle: "a" } { DATA }]'),
    "create beside a new one": f'createCompany(data: {{ name: "n" people: {{ create: [{{ DATA }}] }} }}) {DONE}',
    "connectOrCreate": (
        'createActivity(data: { title: "t" person: { connectOrCreate: { where: { email: "n" } create: { DATA } } } })'
        f" {DONE}"
    ),
}
"""Writes that create a person of DATA, which has the email "n"."""


def client(bench: Bench, never: Any, *, is_distributed: bool = False) -> RoleClient:
    """A client of the role; with `is_distributed` its statements are those for nodes of Citus."""
    snapshot = bench.snapshot
    rights = {
        "read": [{}],
        "update": ways_to_update(never),
        "create": ways_to_create(never),
        "delete": {"rule": {"email": {"eq": "3"}}},
        "restore": {"rule": {"email": {"eq": "4"}}},
    }
    seen = view(snapshot, {bench.person.id: granted(snapshot, bench.person, **rights)})
    if is_distributed:
        tables = {id_: replace(one.table, is_distributed=True) for id_, one in seen.objects.items()}
        seen = replace(seen, objects={id_: replace(one, table=tables[id_]) for id_, one in seen.objects.items()})
    return RoleClient(database=bench.served.apis.database, seen=seen, claims={})


def fill(bench: Bench, jobs: str) -> None:
    """Put the records back; the people in Berlin and in Paris are at Acme, with these jobs."""
    activity = bench.snapshot.by_singular["activity"].table
    bench.connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(activity.schema, activity.name)))
    bench.fill()
    table = sql.Identifier(bench.person.table.schema, bench.person.table.name)
    with bench.connection.transaction():
        update = sql.SQL('UPDATE {} SET "companyId" = %s, "jobTitle" = %s WHERE id = %s').format(table)
        for id_, company, job in (
            (OWN, ACME, jobs[0]),
            (OTHER, ACME, jobs[1]),
            (SPARE, None, None),
            (DELETED, None, None),
        ):
            bench.connection.execute(update, (company and UUID(company), job, UUID(id_)))
        bench.connection.execute(sql.SQL("UPDATE {} SET city = NULL WHERE id = %s").format(table), (UUID(SPARE),))


def outcome(
    bench: Bench, text: str, jobs: str = "ab", never: Any = WAITS["to-many"], *, is_distributed: bool = False
) -> Any:
    """The code that a mutation is refused with, None if it is not; a refused one has written nothing."""
    fill(bench, jobs)
    before = bench.people()
    found = bench.served.run(client(bench, never, is_distributed=is_distributed).outcome(f"mutation {{ {text} }}"))
    if isinstance(found, dict):
        return None
    assert bench.people() == before
    return found
