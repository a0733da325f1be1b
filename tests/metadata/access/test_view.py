"""Views: the snapshot as a role sees it, and the instances that views share."""

import gc
import tracemalloc
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import uuid4

import pytest

from fieldstone.metadata.access.view import access_of, view_of
from fieldstone.metadata.changes import CreateField, apply
from fieldstone.metadata.errors import UnknownRole
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Snapshot, relation_end
from fieldstone.metadata.roles.object_access import HIDDEN, WHOLE
from fieldstone.metadata.roles.role import ADMIN, WHOLLY, Action, Grant, Role, Stored, Way
from tests.access_roles import ALL, NONE, READ_ONLY, all_but, make_role, only, with_roles
from tests.models import add_field, large_snapshot, standard_snapshot

SNAPSHOT = standard_snapshot()
PERSON, COMPANY = SNAPSHOT.by_singular["person"], SNAPSHOT.by_singular["company"]


def view(role: Role, snapshot: Snapshot = SNAPSHOT) -> Snapshot:
    return view_of(with_roles(snapshot, role), role.id)


def test_a_role_without_restrictions_sees_the_snapshot_itself() -> None:
    role = make_role(SNAPSHOT, "all", {"*": ALL})
    snapshot = with_roles(SNAPSHOT, role)
    assert view_of(snapshot, role.id) is view_of(snapshot, "all") is snapshot


def test_a_snapshot_without_roles_knows_admin_alone() -> None:
    assert view_of(SNAPSHOT, ADMIN) is SNAPSHOT
    with pytest.raises(UnknownRole):
        view_of(SNAPSHOT, "editor")


@pytest.mark.parametrize("reference", ["other", ADMIN, uuid4()])
def test_an_unknown_role_sees_nothing(reference: str) -> None:
    snapshot = with_roles(SNAPSHOT, make_role(SNAPSHOT, "all", {"*": ALL}))
    with pytest.raises(UnknownRole):
        view_of(snapshot, reference)
    assert snapshot.views == {}


def test_a_role_has_one_view_by_its_id_and_its_name() -> None:
    role = make_role(SNAPSHOT, "reader", {"*": READ_ONLY})
    snapshot = with_roles(SNAPSHOT, role)
    found = view_of(snapshot, role.id)
    assert found is view_of(snapshot, "reader") is view_of(snapshot, role.id)
    assert (found.base, found.whole, found.role) == (snapshot, snapshot, role)


def test_objects_that_a_role_sees_whole_are_the_same_instances() -> None:
    found = view(make_role(SNAPSHOT, "rep", {"*": ALL, "person": {**NONE, **READ_ONLY}}))
    assert [name for name, one in found.by_singular.items() if one is SNAPSHOT.by_singular[name]] == [
        name for name in SNAPSHOT.by_singular if name != "person"
    ]
    assert found.objects[PERSON.id].whole is PERSON


def test_a_restricted_object_shares_all_that_depends_on_no_name() -> None:
    restricted = view(make_role(SNAPSHOT, "rep", {"*": {Action.READ: [Way(fields=only(PERSON, "city"))]}})).objects[
        PERSON.id
    ]
    assert restricted.fields is PERSON.fields
    assert restricted.by_id is PERSON.by_id
    assert restricted.active is PERSON.active
    assert restricted.key is PERSON.key
    assert "by_name" not in vars(restricted)
    assert list(restricted.by_name) == ["id", "city"]


def test_roles_with_equal_rights_on_an_object_share_it() -> None:
    first = make_role(SNAPSHOT, "first", {"*": READ_ONLY})
    second = make_role(SNAPSHOT, "second", {"*": READ_ONLY, "company": {Action.CREATE: WHOLLY}})
    snapshot = with_roles(SNAPSHOT, first, second)
    one, other = view_of(snapshot, first.id), view_of(snapshot, second.id)
    assert one.objects[PERSON.id] is other.objects[PERSON.id]
    assert one.objects[COMPANY.id] is not other.objects[COMPANY.id]


def test_a_hidden_object_is_not_active_and_nothing_leads_to_it() -> None:
    found = view(make_role(SNAPSHOT, "rep", {"*": ALL, "company": NONE}))
    assert "company" not in found.by_singular
    assert "companies" not in found.by_plural
    assert "Company" not in found.by_type_name
    person = found.by_singular["person"]
    assert "company" in PERSON.by_name
    assert "company" not in person.by_name
    assert "companyId" not in person.foreign_keys
    assert relation_end(found, PERSON.by_name["company"]) is None
    assert found.objects[COMPANY.id].rights is HIDDEN


def test_an_object_that_may_only_be_created_shows_its_id_and_is_led_to_by_no_relation() -> None:
    found = view(make_role(SNAPSHOT, "rep", {"*": ALL, "company": {**NONE, Action.CREATE: WHOLLY}}))
    company = found.by_singular["company"]
    assert list(company.by_name) == ["id"]
    assert "company" not in found.readable
    assert relation_end(found, PERSON.by_name["company"]) is None
    assert "companyId" in found.by_singular["person"].foreign_keys


def test_a_text_for_search_is_hidden_with_any_of_its_fields() -> None:
    snapshot = add_field(
        SNAPSHOT, PERSON.id, "words", FieldType.TS_VECTOR, settings={"fields": ["firstName", "jobTitle"]}
    )
    person = snapshot.objects[PERSON.id]

    def names(*ways: Way) -> Mapping[str, Field]:
        return view(make_role(snapshot, "rep", {"*": {Action.READ: ways}}), snapshot).objects[PERSON.id].by_name

    hidden = Way(fields=all_but(person, "jobTitle"))
    assert "words" in names(Way(fields=all_but(person, "city")))
    assert "words" not in names(hidden)
    mine = Way(rule=Stored(text='{"mine":1}'), fields=all_but(person, "city"))
    assert "words" not in names(hidden, mine), "a guarded field is no plain one"


def test_access_of_says_the_effective_rights() -> None:
    role = make_role(SNAPSHOT, "rep", {"*": ALL, "company": NONE})
    snapshot = with_roles(SNAPSHOT, role)
    assert access_of(snapshot, role, COMPANY) is HIDDEN
    assert access_of(snapshot, role, PERSON).dropped == {PERSON.by_name["company"].id}
    assert access_of(snapshot, role, SNAPSHOT.by_singular["activity"]) == replace(
        WHOLE, dropped=access_of(snapshot, role, SNAPSHOT.by_singular["activity"]).dropped
    )


def test_a_change_keeps_the_restricted_instances_of_all_objects_that_it_leaves_alone() -> None:
    role = make_role(SNAPSHOT, "reader", {"*": READ_ONLY})
    before = with_roles(SNAPSHOT, role)
    known = view_of(before, role.id)
    field = CreateField(object_id=PERSON.id, name="grown", label="Grown", type=FieldType.TEXT)
    after = view_of(apply(before, field).snapshot, role.id)
    assert after.objects[COMPANY.id] is known.objects[COMPANY.id]
    assert "grown" in after.objects[PERSON.id].by_name


def test_a_restricted_object_goes_with_the_last_that_uses_it() -> None:
    role = make_role(SNAPSHOT, "reader", {"person": READ_ONLY})
    company = replace(COMPANY)
    snapshot = with_roles(replace(SNAPSHOT, objects={**SNAPSHOT.objects, COMPANY.id: company}), role)
    view_of(snapshot, role.id)
    assert len(company.restricted) == 1
    del snapshot
    gc.collect()
    assert len(company.restricted) == 0


_LOOK_UPS = ("by_name", "guarded", "foreign_keys", "givable", "known")


def _hiding(objects: Iterable[Object], place: int, *, is_writing: bool = False) -> Role:
    """A role that reads all fields but one of each object, and may give all but another one and a relation."""

    def grant(object_: Object, action: Action, *names: str) -> Grant:
        return Grant(object_id=object_.id, action=action, ways=(Way(fields=all_but(object_, *names)),))

    number = place % 5
    read = [grant(one, Action.READ, f"text{number}") for one in objects]
    given = [grant(one, Action.UPDATE, f"text{number + 1}", "next") for one in objects] if is_writing else []
    return Role(id=uuid4(), name=f"role{place}", label="Role", grants=(*read, *given))


def test_fifty_roles_that_differ_in_five_ways_have_five_instances_of_an_object() -> None:
    snapshot = large_snapshot(20)
    objects = snapshot.objects.values()
    roles = [_hiding(objects, place) for place in range(50)]
    snapshot = with_roles(snapshot, *roles)
    views = [view_of(snapshot, role.id) for role in roles]
    for one in objects:
        assert len({id(view.objects[one.id]) for view in views}) == 5
        assert len(one.restricted) == 5


@pytest.mark.parametrize("is_writing", [False, True])
def test_a_restricted_object_takes_less_than_two_kilobytes(is_writing: bool) -> None:
    """Fifty roles that each differ in each of 1,000 objects, all in use: 50,000 restricted objects in 100 MB."""
    snapshot = large_snapshot(40)
    objects = snapshot.objects.values()
    roles = [_hiding(objects, place, is_writing=is_writing) for place in range(5)]
    snapshot = with_roles(snapshot, *roles)
    for one in objects:
        assert one.held_keys
        assert one.by_id
        assert len(one.fields) == 20
    gc.collect()
    tracemalloc.start()
    try:
        views = [view_of(snapshot, role.id) for role in roles]
        assert all(view.by_singular and view.by_plural and view.by_type_name and view.readable for view in views)
        assert all(hasattr(one, name) for view in views for one in view.objects.values() for name in _LOOK_UPS)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len({id(one) for view in views for one in view.objects.values()}) == 200
    assert taken / 200 < 2_000
    assert 0.8 < snapshot.view_weight / taken < 1.25


def test_equal_look_up_tables_of_a_restricted_object_are_one() -> None:
    person = view(make_role(SNAPSHOT, "rep", {"*": {**READ_ONLY, Action.UPDATE: WHOLLY}})).objects[PERSON.id]
    assert person.by_name is person.givable is person.known is PERSON.active
    assert person.foreign_keys is PERSON.held_keys
