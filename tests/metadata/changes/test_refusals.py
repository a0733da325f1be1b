"""Every rule that refuses a change; a refused change leaves the catalog and the tables as they were."""

import pytest

from tests.metadata.changes.refusal import Refusal, check_refused
from tests.metadata.changes.refused_creates import FIELDS, INDEXES, OBJECTS, RELATIONS
from tests.metadata.changes.refused_roles import ROLES
from tests.metadata.desk import Desk

CASES = [
    pytest.param(refusal, id=f"{kind}: {name}")
    for kind, refusals in (
        ("object", OBJECTS),
        ("field", FIELDS),
        ("relation", RELATIONS),
        ("index", INDEXES),
        ("role", ROLES),
    )
    for name, refusal in refusals.items()
]


@pytest.mark.parametrize("refusal", CASES)
async def test_what_is_refused_leaves_nothing_behind(refusal: Refusal, desk: Desk, model_dsn: str) -> None:
    await check_refused(refusal, desk, model_dsn)
