"""Two databases that differ only in people that a role may not read are the same to its writes, to the statements."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.metadata.api_names import find_mutation
from fieldstone.metadata.model import Snapshot
from tests.apis import serve, workspace_template
from tests.databases import Databases
from tests.engine.access.few_people import ACME, BOLT, Bench
from tests.engine.access.write_strategies import CITIES, CLAIMS, JOBS, rights_to_people, writes, written
from tests.operations import examples
from tests.reference_role_writes import RoleWrites, WayOf
from tests.views import RoleClient, granted, view

pytestmark = pytest.mark.long

_SHOWN = "{ email city jobTitle companyId company { name } }"
_CELLS = st.fixed_dictionaries(
    {
        "city": st.sampled_from([*CITIES, "Rome"]),
        "jobTitle": st.sampled_from([*JOBS, "cook"]),
        "companyId": st.sampled_from([ACME, BOLT, None]),
    }
)
"""The email stays: a CONFLICT tells that another record has it, even one that the role may not read."""


@pytest.fixture(scope="module")
def benches(databases: Databases) -> Iterator[list[Bench]]:
    template = workspace_template(databases)
    with ExitStack() as stack:
        dsns = [stack.enter_context(databases.clone(template)) for _ in range(2)]
        connections = [stack.enter_context(psycopg.connect(dsn, autocommit=True)) for dsn in dsns]
        for first in serve(dsns[0]):
            for second in serve(dsns[1]):
                yield [Bench(*one) for one in zip((first, second), connections, strict=True)]


@given(
    actions=rights_to_people(asks_others=False),
    write=writes(),
    reads_bolt=st.booleans(),
    cells=st.lists(_CELLS, min_size=5),
)
@examples(60)
def test_unreadable_people_change_no_write(
    benches: list[Bench],
    actions: dict[str, list[WayOf]],
    write: tuple[str, str, tuple[Any, ...]],
    reads_bolt: bool,
    cells: list[dict[str, Any]],
) -> None:
    for bench in benches:
        bench.fill()
    bench = benches[0]
    oracle = RoleWrites(
        snapshot=bench.snapshot,
        object_=bench.person,
        rows=bench.rows(),
        ways=actions,
        claims=CLAIMS,
        targets=frozenset({ACME, BOLT} if reads_bolt else {ACME}),
    )
    others = {
        id_: other
        for (id_, row), other in zip(sorted(oracle.own.items()), cells, strict=False)
        if not oracle._reads(row) and not oracle._reads({**row, **other})
    }
    assume(others)
    _write(benches[1], others)
    company_rights = {} if reads_bolt else {"rule": {"name": {"eq": "$principal.company"}}}
    rights = {
        bench.person.id: {name: list(map(written, ways)) for name, ways in actions.items()},
        bench.company.id: {"read": company_rights, "create": {}},
    }
    note(f"{rights}\n{write[0]}\n{others}")
    told = [_told(one, _view(one.snapshot, rights), write[0]) for one in benches]
    assert told[0] == told[1]


def _view(snapshot: Snapshot, rights: Mapping[Any, Any]) -> Snapshot:
    return view(snapshot, {id_: granted(snapshot, snapshot.objects[id_], **own) for id_, own in rights.items()})


def _told(bench: Bench, seen: Snapshot, text: str) -> tuple[Any, list[str]]:
    """The answer to a write or its refusal, and the statements that were sent."""
    rep = RoleClient(database=bench.served.apis.database, seen=seen, claims=CLAIMS)
    bench.served.apis.database.log.steps.clear()
    is_valid = find_mutation(seen, text.partition("(")[0]) is not None
    answered = "{ created }" if text.startswith("upsert") else _SHOWN
    try:
        answer = bench.served.run(rep.write(f"mutation {{ {text} {answered} }}", is_valid=is_valid))
    except ApiError as error:
        answer = error.formatted()
    except InvalidDocument as invalid:
        answer = [error.formatted() for error in invalid.errors]
    return answer, bench.served.apis.database.log.texts


def _write(bench: Bench, others: Mapping[str, Mapping[str, Any]]) -> None:
    table = sql.Identifier(bench.person.table.schema, bench.person.table.name)
    update = sql.SQL(
        'UPDATE {} SET city = %(city)s, "jobTitle" = %(jobTitle)s, "companyId" = %(companyId)s WHERE id = %(id)s'
    )
    with bench.connection.transaction():
        for id_, cells in others.items():
            bench.connection.execute(update.format(table), {**cells, "id": id_})
