"""Each place where an answer tells of other records holds to a role's rights: without it, one of these tells more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.planner.reads.duplicates import duplicates
from fieldstone.engine.planner.writes import removal
from fieldstone.metadata.model import Object, OnDelete, Snapshot
from tests.engine.access.few_people import BOLT, Bench
from tests.views import RoleClient, ask_as, granted, view

BERLIN = {"rule": {"city": {"eq": "Berlin"}}}


def _with_restrict(snapshot: Snapshot) -> Snapshot:
    relations = {id_: replace(one, on_delete=OnDelete.RESTRICT) for id_, one in snapshot.relations.items()}
    return replace(snapshot, relations=relations)


def _tell(bench: Bench, operation: str, **rights: Any) -> Any:
    """The answer to an operation of a role with these rights, or the message of its refusal."""
    bench.fill()
    snapshot, database = _with_restrict(bench.snapshot), bench.served.apis.database
    objects = {name: snapshot.by_singular[name] for name in rights}
    seen = view(snapshot, {one.id: granted(snapshot, one, **rights[name]) for name, one in objects.items()})
    if operation.startswith("{"):
        return bench.served.run(ask_as(database, seen, {}, operation))
    rep = RoleClient(database=database, seen=seen, claims={})
    return bench.served.run(rep.refusal(operation))["message"]


TAKEN = 'mutation { createPerson(data: { city: "Rome" }) { id } }'
DESTROYED = f'mutation {{ destroyCompany(id: "{BOLT}") {{ id }} }}'
ALIKE = '{ personDuplicates(data: [{ email: "0" }, { email: "1" }]) { edges { node { email } } } }'
TOLD: dict[str, tuple[str, dict[str, Any], Any, tuple[Any, str, Callable[..., Any]]]] = {
    "a key that is taken": (
        TAKEN,
        {"person": {"read": {"allBut": ["email"]}, "create": {"preset": {"email": "0"}}}},
        "Another record has these values.",
        (Object, "knows", lambda *_: True),
    ),
    "records that stand in the way": (
        DESTROYED,
        {"person": {"read": BERLIN}, "company": {"read": {}, "destroy": {}}},
        (
            "Records of People point to records that would be destroyed, by 'company': 1."
            " Connect them to another record, or destroy them, first."
        ),
        (removal, "visible", lambda *_, **__: ()),
    ),
    "duplicates": (
        ALIKE,
        {"person": {"read": BERLIN, "update": {}}},
        {"data": {"personDuplicates": [{"edges": [{"node": {"email": "0"}}]}, {"edges": []}]}},
        (duplicates, "visible", lambda *_, **__: ()),
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_each_place_is_needed(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    operation, rights, told, (holder, function, broken) = TOLD[name]
    assert _tell(bench, operation, **rights) == told
    monkeypatch.setattr(holder, function, broken)
    assert _tell(bench, operation, **rights) != told
