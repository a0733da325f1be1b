"""Any write of any role does as the oracle of its rights says, and nothing else."""

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.metadata.api_names import find_mutation
from tests.engine.access.few_people import ACME, BOLT, Bench, shown
from tests.engine.access.write_strategies import CLAIMS, rights_to_people, writes, written
from tests.operations import examples
from tests.reference_role_writes import Refused, RoleWrites, WayOf
from tests.views import RoleClient, granted, view

pytestmark = pytest.mark.long


@given(
    actions=rights_to_people(),
    write=writes(),
    reads_bolt=st.booleans(),
    makes=st.sampled_from([[], [WayOf()], [WayOf(check={"name": {"eq": "$principal.company"}})]]),
)
@examples(300)
def test_any_write_of_any_role(
    bench: Bench,
    actions: dict[str, list[WayOf]],
    write: tuple[str, str, tuple[Any, ...]],
    reads_bolt: bool,
    makes: list[WayOf],
) -> None:
    text, method, arguments = write
    bench.fill()
    note(f"{actions}\n{text}")
    snapshot, person, company = bench.snapshot, bench.person, bench.company
    company_rights = {} if reads_bolt else {"rule": {"name": {"eq": "$principal.company"}}}
    rights = {
        person.id: granted(snapshot, person, **{name: list(map(written, ways_)) for name, ways_ in actions.items()}),
        company.id: granted(snapshot, company, read=company_rights, create=[*map(written, makes)]),
    }
    rep = RoleClient(database=bench.served.apis.database, seen=view(snapshot, rights), claims=CLAIMS)
    oracle = RoleWrites(
        snapshot=snapshot,
        object_=person,
        rows=bench.rows(),
        ways=actions,
        claims=CLAIMS,
        targets=frozenset({ACME, BOLT} if reads_bolt else {ACME}),
        makes=makes,
    )
    before = bench.people()
    try:
        getattr(oracle, method)(*arguments)
    except Refused as refused:
        # Without its root field the operation is refused by the schema, else by the planner alone.
        is_valid = find_mutation(rep.seen, text.partition("(")[0]) is not None
        error = bench.served.run(rep.refusal(f"mutation {{ {text} {{ __typename }} }}", is_valid=is_valid))
        assert error["extensions"]["code"] == refused.code, error
        assert bench.people() == before
        return
    bench.served.run(rep.write(f"mutation {{ {text} {{ __typename }} }}"))
    assert bench.people() == shown(oracle.own.values())
