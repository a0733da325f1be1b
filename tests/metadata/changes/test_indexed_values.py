"""The values that an index is of."""

from dataclasses import replace

from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, first_value, indexed_values
from tests.models import standard_snapshot


def test_the_first_value_of_an_index_is_the_first_of_its_values() -> None:
    snapshot = standard_snapshot()
    tried = 0
    for id_, indexes in snapshot.indexes_of.items():
        object_ = snapshot.objects[id_]
        for known in indexes:
            for index in (replace(known, method=BTREE, is_unique=False, text_order=order) for order in (0, 1)):
                if index.field_ids:
                    tried += 1
                    assert first_value(object_, index) == indexed_values(object_, index)[0]
    assert tried > 20
