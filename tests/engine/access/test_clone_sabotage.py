"""Each place where a search and nodes hold to a role's rules is needed: without it, answers differ from the clone's."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.planner import context as planning
from fieldstone.engine.planner.reads import nodes
from fieldstone.engine.planner.reads.filters import conditions
from fieldstone.engine.planner.reads.search import search
from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.changes.rules.indexes import searched
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES
from fieldstone.metadata.roles.role import Action, Claim, Way
from tests.access_roles import all_but, make_role, with_roles
from tests.apis import PRINCIPAL, serve
from tests.databases import Databases
from tests.engine.access.bench import Bench, ask, ask_role
from tests.engine.access.clone import Clone, without_hidden_parts
from tests.engine.access.lifting import lift_guards, lift_object
from tests.reference_roles import RoleReference
from tests.role_strategies import DrawnRole
from tests.specimens import specimen_template

NODES = "{{ nodes(nodeIds: [{ids}]) {{ __typename nodeId ... on Person {{ position companyId }} }} }}"
SEARCH = """{{ search(query: "{word}", objects: ["person", "company"], first: 60) {{ pageInfo {{ hasNextPage }}
    edges {{ cursor node {{ object rank snippet record {{ __typename ... on Person {{ id companyId }} }} }} }} }} }}"""
_texts = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The role over the database, and a key without restrictions over the clone."""

    one: Bench
    other: Bench
    drawn: DrawnRole
    snapshot: Snapshot
    model: Snapshot

    def differ(self) -> bool:
        """Whether any answer of the two differs."""
        return any(self._differs(text) for text in self._queries())

    def _differs(self, text: str) -> bool:
        # Each text is planned once, so a new one is planned by the functions as they are now.
        text = f"{text} # {next(_texts)}"
        told = ask_role(self.one, self.drawn, self.snapshot, text, {})
        assert told.status == 200
        return told.body != ask(self.other, self.model, PRINCIPAL, text, {}).body

    def _queries(self) -> Iterator[str]:
        people = self.snapshot.by_singular["person"]
        ids = [urlsafe_b64encode(people.id.bytes + UUID(id_).bytes).decode()[:43] for id_ in self.one.rows[people.id]]
        yield NODES.format(ids=", ".join(f'"{id_}"' for id_ in ids))
        yield from (SEARCH.format(word=word) for word in ("a", "z", "ab", "example"))


@pytest.fixture(scope="module")
def pair(databases: Databases) -> Iterator[Pair]:
    template = specimen_template(databases)
    with databases.clone(template) as one, databases.clone(template) as other:
        for first in serve(one, relay=True):
            for second in serve(other, relay=True):
                bench, whole = Bench(first, one), first.snapshot()
                drawn = _role(bench)
                snapshot = with_roles(whole, drawn.role)
                world = RoleReference(snapshot, bench.rows, drawn.role, drawn.claims).world()
                model = without_hidden_parts(whole, view_of(snapshot, drawn.role.id))
                with Clone(other, whole).holding(bench.rows, world):
                    yield Pair(one=bench, other=Bench(second, other), drawn=drawn, snapshot=snapshot, model=model)


def _role(bench: Bench) -> DrawnRole:
    """A role that reads every second record, every third person without the company, and the email of none.

    Texts that it reads in some records only are not among its fields: it does not search in them.
    """
    claims: dict[str, Any] = {}
    rights = {}
    for name, object_ in bench.snapshot.by_singular.items():
        ids = sorted(bench.rows[object_.id])
        claims |= {name: ids[::2], f"{name}More": ids[::3]}
        half, third = (
            store_filter(bench.snapshot, object_, {"id": {"in": f"$principal.{claim}"}})
            for claim in (name, f"{name}More")
        )
        hidden = ("email",) if name == "person" else ()
        more = (*hidden, "position", "company") if name == "person" else ()
        rights[name] = {
            Action.READ: [
                Way(rule=half, fields=all_but(object_, *hidden)),
                Way(rule=third, fields=all_but(object_, *more)),
            ]
        }
    declared = [Claim(name=name, scalar=CLAIM_TYPES["UUID"], is_list=True) for name in claims]
    return DrawnRole(role=make_role(bench.snapshot, "rep", rights, claims=declared), parents=[], claims=claims)


def test_the_answers_are_those_of_the_clone(pair: Pair) -> None:
    assert not pair.differ()


def _lift_fields(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda snapshot, object_: real(snapshot, replace(object_.whole, access=None))


SABOTAGE: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "the records of a search": (search, "select_condition", lift_object(conditions.select_condition)),
    "the fields of a search": (search, "searched_fields", _lift_fields(searched.searched_fields)),
    "guards of a search": (search, "readable", lift_guards(planning.readable)),
    "the records of nodes": (nodes, "visible", lift_object(planning.visible)),
    "guards of nodes": (nodes, "readable", lift_guards(planning.readable)),
}


@pytest.mark.parametrize("point", SABOTAGE)
def test_without_a_place_an_answer_differs(pair: Pair, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, function, broken = SABOTAGE[point]
    assert hasattr(module, function)
    monkeypatch.setattr(module, function, broken)
    assert pair.differ()
