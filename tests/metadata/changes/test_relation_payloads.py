"""metadata/changes/kinds/fields/relation_payload.py: payloads of a createField that are refused, with their reasons."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from fieldstone.metadata.changes import CreateField, NewRelation
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.errors import InvalidChange
from tests.metadata.changes.refused_payloads import PERSON, REFUSED, relation


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_payload_is_refused(given: Mapping[str, Any], message: str) -> None:
    with pytest.raises(InvalidChange) as refused:
        KINDS["createField"].read(given)
    assert refused.value.message.startswith(message)


def test_a_payload_is_read() -> None:
    change = KINDS["createField"].read(relation(type="MANY_TO_MANY", junctionNameSingular="link"))
    assert isinstance(change, CreateField)
    assert isinstance(change.relation, NewRelation)
    assert change.relation.junction is not None
    assert (change.relation.target_object_id, change.relation.junction.name_singular) == (UUID(PERSON), "link")
