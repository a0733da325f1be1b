"""The model that changes make is the one that the catalog loads: any changes, in any order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.changes import Change
from metadata.errors import InvalidChange
from tests.metadata.desk import columns_of
from tests.metadata.drawn_changes import new_fields, new_objects
from tests.metadata.workbench import Workbench


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_the_model_that_changes_make_is_the_one_that_is_loaded(bench: Workbench, data: st.DataObject) -> None:
    snapshot = behind = bench.new_workspace()
    made = 0
    for _ in range(data.draw(st.integers(1, 12))):
        things = tuple(snapshot.objects.values())
        change: Change = data.draw(new_objects() | new_fields(things)) if things else data.draw(new_objects())
        try:
            snapshot = bench.change(snapshot, [change])
        except InvalidChange:
            continue
        made += 1
        if data.draw(st.booleans()):
            behind = bench.follow(behind)
            assert behind == snapshot
    assert snapshot.version == made
    assert bench.follow(behind) == snapshot
    assert bench.run(bench.desk.reload(snapshot.workspace.id)) == snapshot
    for thing in snapshot.objects.values():
        columns = columns_of(bench.dsn, thing.table.schema, thing.table.name)
        assert list(columns) == [part.column.name for field in thing.fields for part in field.parts]
