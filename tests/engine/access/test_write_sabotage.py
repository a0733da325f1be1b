"""Each place where a write holds to a role's rights is needed: without it, one of these writes has another outcome."""

from collections.abc import Callable
from typing import Any

import pytest

from fieldstone.engine.planner.access import upsert_rights, write_rights
from fieldstone.engine.planner.writes import meant_records, planned, root_field
from fieldstone.engine.planner.writes.merging import merge
from fieldstone.engine.planner.writes.merging.merge_rights import HolderRights
from fieldstone.engine.planner.writes.nested import statements, unfold
from fieldstone.engine.planner.writes.nested import upserts as tree_upserts
from fieldstone.engine.planner.writes.values import connects
from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.writes import insert, mutate, update_rows, write_guard
from fieldstone.sql.compiler.writes.upserts import upsert, upsert_verdict
from tests.apis import Served
from tests.engine.access.few_people import ACME, BOLT, PEOPLE, Bench
from tests.views import RoleClient, granted, view

pytestmark = pytest.mark.long

BERLIN = {"city": {"eq": "$principal.city"}}
HAS_DEVELOPERS = {"people": {"some": {"jobTitle": {"eq": "dev"}}}}
PERSON: dict[str, Any] = {
    "read": [{"rule": {"city": {"is": "NOT_NULL"}}, "allBut": ["jobTitle"]}, {"rule": BERLIN}],
    "create": {"check": BERLIN, "allBut": ["jobTitle"]},
    "update": {"rule": BERLIN, "allBut": ["phone"], "preset": {"firstName": "seen"}},
    "delete": {"rule": BERLIN},
    "destroy": {"rule": BERLIN},
}
COMPANY: dict[str, Any] = {
    "read": {"rule": {"name": {"eq": "Acme"}}},
    "create": {"check": HAS_DEVELOPERS},
    "update": {"allBut": ["employees"]},
}
OWN, READ, HIDDEN = PEOPLE[0], PEOPLE[1], PEOPLE[2]
MERGED = [
    ("People", OWN, PEOPLE[3]), ("People", OWN, READ), ("People", READ, PEOPLE[3]), ("People", OWN, HIDDEN),
    ("Companies", BOLT, ACME), ("Companies", ACME, BOLT),
]  # fmt: skip
MERGER: dict[str, Any] = {
    "read": {"rule": {"city": {"is": "NOT_NULL"}}},
    "update": {"rule": BERLIN},
    "delete": {"rule": {"jobTitle": {"is": "NULL"}}},
}
"""The rights to people of a role that merges them, and companies."""
BY_EMAIL = "onConflict: { fields: [email] }"
CREATE = 'create: { name: "n" people: { create: [{ email: "m" city: "Berlin" }] } }'
TREES = [
    ('email: "1" city: "Berlin"', f'connectOrCreate: {{ where: {{ id: "{ACME}" }} create: {{ name: "x" }} }}'),
    ('email: "0" phone: "1"', f'connectOrCreate: {{ where: {{ id: "{ACME}" }} create: {{ name: "x" }} }}'),
    ('email: "0" lastName: "x"', CREATE),
]
"""Upserts that create companies: of a person that may be read, of one with a field that may not, against a check."""
WRITES = [
    f'updatePerson(id: "{READ}" data: {{ lastName: "x" }}) {{ id }}',
    f'updatePerson(id: "{HIDDEN}" data: {{ lastName: "x" }}) {{ id }}',
    f'updatePerson(id: "{OWN}" data: {{ city: "Paris" }}) {{ id }}',
    f'updatePerson(id: "{OWN}" data: {{ phone: "1" }}) {{ id }}',
    f'updatePerson(id: "{OWN}" data: {{ lastName: "x" }}) {{ firstName jobTitle company {{ name }} }}',
    f'updatePerson(id: "{OWN}" data: {{ companyId: "{BOLT}" }}) {{ id }}',
    f'updatePerson(id: "{PEOPLE[3]}" data: {{ lastName: "x" }}) {{ company {{ name }} }}',
    'updatePeople(filter: { email: { is: NOT_NULL } } data: { lastName: "x" }) { email }',
    f'updatePeople(updates: [{{ id: "{READ}" data: {{ lastName: "x" }} }}]) {{ id }}',
    f'updatePeople(updates: [{{ id: "{OWN}" data: {{ city: "Paris" }} }}]) {{ id }}',
    f'updatePeople(updates: [{{ id: "{READ}" data: {{ city: "Berlin" }} }}]) {{ id }}',
    f'deletePerson(id: "{READ}") {{ id }}',
    f'destroyPerson(id: "{READ}") {{ id }}',
    f'destroyPerson(id: "{HIDDEN}") {{ id }}',
    'createPerson(data: { email: "n" city: "Rome" }) { id }',
    'createPerson(data: { email: "n" city: "Berlin" jobTitle: "x" }) { id }',
    'createPeople(data: [{ email: "n" city: "Rome" }]) { email }',
    'createPeople(data: [{ email: "n" city: "Berlin" }]) { email }',
    'upsertPerson(data: { email: "1" city: "Berlin" }) { created }',
    'upsertPerson(data: { email: "0" city: "Paris" }) { created }',
    'upsertPerson(data: { email: "n" city: "Paris" }) { created }',
    f'updateCompany(id: "{ACME}" data: {{ people: {{ connect: ["{READ}"] }} }}) {{ id }}',
    f'updateCompany(id: "{ACME}" data: {{ people: {{ connect: ["{HIDDEN}"] }} }}) {{ id }}',
    f'updateCompany(id: "{ACME}" data: {{ people: {{ disconnect: ["{OWN}"] }} }}) {{ id }}',
    f'updateCompany(id: "{ACME}" data: {{ people: {{ create: [{{ email: "n" city: "Rome" }}] }} }}) {{ id }}',
    'createCompany(data: { name: "n" }) { id }',
    f'upsertCompany(data: {{ id: "{BOLT}" name: "n" }}) {{ created }}',
    *(f'merge{name}(ids: ["{one}" "{other}"] conflictPriorityIndex: 0) {{ id }}' for name, one, other in MERGED),
    *(f"upsertPerson(data: {{ {data} company: {{ {verb} }} }} {BY_EMAIL}) {{ created }}" for data, verb in TREES),
]


def _nothing(*_arguments: Any, **_more: Any) -> Any:
    return ()


def _none(*_arguments: Any, **_more: Any) -> Any:
    return None


def _free(*_arguments: Any, **_more: Any) -> Any:
    return write_rights.FREE


def _no_holder_rights(*_arguments: Any, **_more: Any) -> Any:
    return HolderRights()


def _true(*_arguments: Any, **_more: Any) -> Any:
    return expressions.TRUE


def _unbound(condition: Any, _rights: Any) -> Any:
    return condition


def _table(_context: Any, object_: Any) -> Any:
    return object_.table


SABOTAGE: dict[str, list[tuple[Any, str, Callable[..., Any]]]] = {
    "the rule of the rows locked": [(mutate, "lockable", _unbound)],
    "the rule of rows changed each in its way": [(update_rows, "lockable", _unbound)],
    "the rule of records meant by a filter or an id": [(meant_records, "visible", _nothing)],
    "the check of an update": [(write_guard, "compile_allowed", _true)],
    "the check of a creation": [(insert, "compile_allowed", _true)],
    "the check of rows changed each in its way": [(update_rows, "compile_allowed", _true)],
    "the checks of an upsert": [(upsert_verdict, "compile_allowed", _true)],
    "the rows that an upsert finds": [(upsert, "permitted", _true), (upsert_verdict, "permitted", _true)],
    "the record that an upsert may read": [(upsert_rights, "visible", _nothing)],
    "fields and presets": [(write_rights, "find_admission", _none)],
    "targets to connect": [(connects, "visible", _nothing)],
    "the rights of records of relations": [(statements, "find_rights", _none)],
    "the records of relations": [(statements, "visible", _nothing)],
    "checks before the commit": [(root_field, "plan_deferred", _none), (statements, "plan_deferred", _none)],
    "the records that an upsert with relations finds": [(tree_upserts, "changeable", _nothing)],
    "the branches that a role may not take": [(unfold, "_refuse", _none)],
    "the rights to merged records": [(merge, "judge_merged", _free)],
    "the merged records": [(merge, "visible", _nothing)],
    "the rights to records that a merge moves": [(merge, "judge_holder", _no_holder_rights)],
    "the difference between forbidden and absent": [(write_guard, "_forbidden", _nothing)],
    "the rights of a field": [(root_field, "find_rights", _none)],
    "answers that are read back": [(planned, "readable", _table)],
}


def outcomes(bench: Bench) -> list[Any]:
    """The answer to each of the writes, or its refusal, by itself."""
    return [_outcome(bench.served, bench, text) for text in WRITES]


def _outcome(served: Served, bench: Bench, text: str) -> Any:
    bench.fill()
    snapshot = bench.snapshot
    merges = text.startswith("merge")
    rights = {bench.person.id: granted(snapshot, bench.person, **(MERGER if merges else PERSON))}
    if not merges:
        rights[bench.company.id] = granted(snapshot, bench.company, **COMPANY)
    rep = RoleClient(database=served.apis.database, seen=view(snapshot, rights), claims={"city": "Berlin"})
    return served.run(rep.outcome(f"mutation {{ {text} }}"))


@pytest.fixture(scope="module")
def expected(bench: Bench) -> list[Any]:
    return outcomes(bench)


def test_the_writes_have_all_outcomes(expected: list[Any]) -> None:
    assert {"FORBIDDEN", "NOT_FOUND", "CONFLICT"} <= {one for one in expected if isinstance(one, str)}
    assert sum(not isinstance(one, str) for one in expected) >= 4


@pytest.mark.parametrize("name", SABOTAGE)
def test_each_place_is_needed(bench: Bench, expected: list[Any], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module, function, broken in SABOTAGE[name]:
        assert hasattr(module, function)
        monkeypatch.setattr(module, function, broken)
    assert outcomes(bench) != expected
