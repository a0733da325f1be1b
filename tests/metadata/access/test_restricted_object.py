"""The parts that a restricted object keeps of its whole one, and those that it hides."""

from dataclasses import replace

from fieldstone.engine.planner.writes.events import touched_at
from fieldstone.engine.planner.writes.values.rows import written_fields
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.object_access import WHOLE, ObjectAccess, preset_ids
from fieldstone.metadata.roles.role import WHOLLY, Action, Fields, Stored, Way
from tests.models import standard_snapshot

PERSON = standard_snapshot().by_singular["person"]


def reading_only(*names: str) -> Object:
    """A person of which these fields may be read, and nothing else be done."""
    fields = Fields(ids=frozenset(PERSON.by_name[name].id for name in names), only=True)
    access = ObjectAccess(read=(Way(fields=fields),), create=WHOLLY)
    return replace(PERSON, access=access, base=PERSON)


def test_the_names_are_those_of_what_may_be_read_and_the_id() -> None:
    assert list(reading_only("city", "company").by_name) == ["id", *_in_order("city", "company")]
    assert list(reading_only("company").foreign_keys) == ["companyId"]
    assert list(reading_only("city").foreign_keys) == []


def _in_order(*names: str) -> list[str]:
    return [name for name in PERSON.by_name if name in names]


def test_a_hidden_mark_of_deleted_records_still_marks_them() -> None:
    assert reading_only("city").deleted_at == PERSON.deleted_at
    assert PERSON.deleted_at is not None
    assert reading_only("city").key == PERSON.key


def test_a_write_still_fills_the_fields_that_are_hidden() -> None:
    hidden = reading_only("city")
    assert touched_at(hidden) == touched_at(PERSON) != ()
    assert written_fields(hidden, with_created_at=True) == written_fields(PERSON, with_created_at=True)
    assert {"createdBy", "position"} <= {field.name for field in written_fields(hidden, with_created_at=True)}
    assert hidden.held_keys == PERSON.foreign_keys


def test_only_its_access_tells_it_from_its_whole_object() -> None:
    assert reading_only("city") == reading_only("city") != PERSON
    assert reading_only("city").whole is PERSON is PERSON.whole
    assert PERSON.rights is WHOLE


def test_a_field_may_be_given_unless_a_preset_writes_it_or_the_way_lacks_it() -> None:
    city, company = PERSON.by_name["city"].id, PERSON.by_name["company"].id
    presets = Stored(text=f'{{"@{company}Id":"$principal.company"}}')
    own = Way(fields=Fields(ids=frozenset({city})), presets=presets)
    access = ObjectAccess(create=(own,), update=(own, Way(fields=Fields(ids=frozenset({company}), only=True))))
    assert preset_ids(presets) == {company}
    assert [access.gives(action, company) for action in (Action.CREATE, Action.UPDATE)] == [False, True]
    assert not access.gives(Action.CREATE, city)
    assert access.gives(Action.CREATE, PERSON.by_name["jobTitle"].id)
    assert not access.gives(Action.DELETE, PERSON.by_name["jobTitle"].id)


def test_a_field_of_some_ways_is_read_but_not_plainly() -> None:
    city = PERSON.by_name["city"].id
    mine = Way(rule=Stored(text='{"mine":1}'))
    access = ObjectAccess(read=(mine, Way(fields=Fields(ids=frozenset({city})))))
    assert access.reads(city)
    assert not access.reads_plainly(city)
    assert not replace(access, dropped=frozenset({city})).reads(city)
