from dataclasses import replace

from fieldstone.metadata.access.view import restrict
from fieldstone.metadata.changes import CreateField, UpdateField, apply
from fieldstone.metadata.dependencies import Dependencies, has_grown
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import HIDDEN
from tests.models import standard_snapshot

BEFORE = standard_snapshot()


def person(snapshot: Snapshot) -> Object:
    return snapshot.by_singular["person"]


def grown(snapshot: Snapshot) -> Snapshot:
    """The model with one more field of a person."""
    field = CreateField(object_id=person(snapshot).id, name="grown", label="Grown", type=FieldType.TEXT)
    return apply(snapshot, field).snapshot


def renamed(snapshot: Snapshot) -> Snapshot:
    """The model with another label of a person's field."""
    field = person(snapshot).by_name["city"]
    return apply(snapshot, UpdateField(field_id=field.id, label="Town")).snapshot


def on(*names: str, may_grow: bool = False) -> Dependencies:
    objects = [BEFORE.by_singular[name] for name in names]
    return Dependencies(objects={one.id: one for one in objects}, may_grow=may_grow)


def test_they_hold_while_the_same_instances_are_there() -> None:
    assert on("company").hold(grown(BEFORE))
    assert not on("company", "person").hold(grown(BEFORE))


def test_objects_may_grow_where_nothing_but_the_named_fields_counts() -> None:
    assert on("person", may_grow=True).hold(grown(BEFORE))
    assert not on("person", may_grow=True).hold(renamed(BEFORE))


def test_a_hidden_object_is_another_one_if_it_is_no_longer_active_for_rules_that_hop_over_it() -> None:
    hidden = restrict(person(BEFORE), HIDDEN)
    assert has_grown(hidden, restrict(person(grown(BEFORE)), HIDDEN))
    assert not has_grown(hidden, restrict(replace(person(grown(BEFORE)), is_active=False), HIDDEN))


def test_an_object_that_is_gone_is_not_held() -> None:
    gone = {id_: one for id_, one in BEFORE.objects.items() if id_ != person(BEFORE).id}
    assert not on("person", may_grow=True).hold(replace(BEFORE, objects=gone))


def test_another_index_is_another_dependency() -> None:
    id_ = person(BEFORE).id
    depends = Dependencies(objects={}, indexes={id_: BEFORE.indexes_of.get(id_, ())})
    assert depends.hold(grown(BEFORE))
    assert not replace(depends, indexes={id_: ()}).hold(BEFORE)


def test_looking_changes_nothing_and_keeping_up_takes_the_newer_instances() -> None:
    after = grown(BEFORE)
    depends = on("person", may_grow=True)
    assert depends.hold(after)
    assert depends.objects[person(BEFORE).id] is person(BEFORE)
    assert depends.keep_up(after)
    assert depends.objects[person(BEFORE).id] is person(after)
    assert depends.checked is after
    assert not depends.keep_up(renamed(after))
    assert depends.checked is after
