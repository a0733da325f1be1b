"""How PostgreSQL finds the few records of a nested write among 100,000: by indexes, in a generic plan too."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import update
from tests.engine.plans import MODES, explain, read_rows

pytestmark = pytest.mark.long


async def test_no_statement_reads_the_table(large: Apis, large_dsn: str) -> None:
    people = await large.data(
        '{ companies(filter: { name: { in: ["Company 7", "Company 8"] } }, orderBy: { name: ASC })'
        " { edges { node { id people(first: 4) { edges { node { id } } } } } } }"
    )
    first, second = (edge["node"] for edge in people["companies"]["edges"])
    own = [edge["node"]["id"] for edge in first["people"]["edges"]]
    others = [edge["node"]["id"] for edge in second["people"]["edges"]]
    verbs: dict[str, Any] = {
        "disconnect": own[:1],
        "delete": own[1:2],
        "update": [{"id": own[2], "data": {"city": "x", "company": {"update": {"name": "y"}}}}],
        "connect": others[:1],
        "create": [{"email": "new"}],
    }
    other = {"set": others[1:3]}
    for company, said in ((first["id"], verbs), (second["id"], other)):
        large.database.log.steps.clear()
        await update(large, "company", company, people=said)
        steps = [*large.database.log.steps]
        assert len(steps) > 2
        # To explain one is to run it again, which a create would not survive.
        for step in (step for step in steps[:-1] if "written AS (INSERT" not in step[0].text):
            for mode in MODES:
                found = explain(large_dsn, step, mode)
                read = [one for one in found if one.get("Relation Name") == "person" and one["Actual Loops"]]
                assert "Seq Scan" not in {one["Node Type"] for one in read}
                assert read_rows(read) < 2_000
