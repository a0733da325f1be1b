"""metadata/changes/apply.py: the snapshot that a change makes of another, without a database."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from fieldstone.metadata.changes import Change, apply
from fieldstone.metadata.errors import NameTaken
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Access, OnDelete, RelationType, Snapshot, Workspace, relation_end
from tests.metadata.desk import new_field, new_object, new_relation

EMPTY = Snapshot(
    workspace=Workspace(id=new_id(), name="test", schema="workspace_test"),
    version=0,
    objects={},
    relations={},
    indexes={},
)


def applied(snapshot: Snapshot, *changes: Change) -> Snapshot:
    for change in changes:
        snapshot = apply(snapshot, change).snapshot
    return snapshot


@pytest.fixture
def two() -> Snapshot:
    return applied(EMPTY, new_object("person", "people"), new_object("company", "companies"))


def test_a_new_object_has_the_system_fields() -> None:
    project = applied(EMPTY, new_object("project")).by_singular["project"]
    assert [(field.name, field.type, field.access, field.is_nullable) for field in project.fields] == [
        ("id", FieldType.UUID, Access.CREATE_ONLY, False),
        ("name", FieldType.TEXT, Access.READ_WRITE, True),
        ("createdAt", FieldType.DATE_TIME, Access.CREATE_ONLY, False),
        ("updatedAt", FieldType.DATE_TIME, Access.READ_ONLY, False),
        ("deletedAt", FieldType.DATE_TIME, Access.READ_ONLY, True),
        ("createdBy", FieldType.ACTOR, Access.CREATE_ONLY, True),
        ("position", FieldType.POSITION, Access.READ_WRITE, False),
    ]
    assert {field.name for field in project.fields if not field.is_system} == {"name"}
    assert project.is_custom
    assert not any(field.is_custom for field in project.fields)
    assert (project.key.name, project.deleted_at) == ("id", project.by_name["deletedAt"].parts[0].column)


def test_the_name_field_can_be_left_out_and_made_later() -> None:
    bare = applied(EMPTY, new_object("project", skip_name_field=True))
    project = bare.by_singular["project"]
    assert "name" not in project.by_name
    assert "name" in applied(bare, new_field(project, "name")).by_singular["project"].by_name


@pytest.mark.parametrize("name", ["select", "table", "class", "def", "user", "order", "none", "ctid", "xmin"])
def test_words_of_sql_and_python_are_legal_names(two: Snapshot, name: str) -> None:
    after = applied(two, new_object(name), new_field(two.by_singular["person"], name))
    assert after.by_singular[name].table.name == name
    assert name in after.by_singular["person"].by_name


def test_a_column_is_never_called_like_one_of_postgresqls_own(two: Snapshot) -> None:
    assert (
        applied(two, new_field(two.by_singular["person"], "ctid")).by_singular["person"].by_name["ctid"].column
        == "ctid2"
    )


def test_physical_names_are_never_used_again(two: Snapshot) -> None:
    person = replace(two.by_singular["person"], retired_columns=frozenset({"phone", "payCurrencyCode", "bossId"}))
    snapshot = replace(
        two, objects={**two.objects, person.id: person}, retired_tables=frozenset({"project", "project2"})
    )
    after = applied(
        snapshot,
        new_object("project"),
        new_field(person, "phone"),
        new_field(person, "pay", FieldType.CURRENCY),
        new_relation(person, "boss", person, "Reports"),
    )
    fields = after.by_singular["person"].by_name
    assert after.by_singular["project"].table.name == "project3"
    assert {name: [part.column.name for part in fields[name].parts] for name in ("phone", "pay", "boss")} == {
        "phone": ["phone2"],
        "pay": ["pay2AmountMicros", "pay2CurrencyCode"],
        "boss": ["bossId2"],
    }


def test_a_relation_has_two_ends_a_key_and_an_index(two: Snapshot) -> None:
    person, company = two.by_singular["person"], two.by_singular["company"]
    after = applied(two, new_relation(person, "company", company, "Team members", settings={"onDelete": "CASCADE"}))
    source = after.by_singular["person"].by_name["company"]
    end = relation_end(after, source)
    assert end is not None
    assert (end.to_one, end.target.name_singular, end.target_field.name) == (True, "company", "teamMembers")
    assert (end.foreign_key.column.name, end.relation.on_delete) == ("companyId", OnDelete.CASCADE)
    inverse = relation_end(after, end.target_field)
    assert inverse is not None
    assert (inverse.to_one, inverse.target_field, inverse.foreign_key) == (False, source, end.foreign_key)
    deleted = after.by_singular["person"].by_name["deletedAt"]
    assert after.constraints["person_companyId_deletedAt_idx"].field_ids == (source.id, deleted.id)


def test_one_to_many_puts_the_key_into_the_target(two: Snapshot) -> None:
    person, company = two.by_singular["person"], two.by_singular["company"]
    after = applied(
        two,
        new_relation(
            company, "people", person, "Employer", kind=RelationType.ONE_TO_MANY,
            is_nullable=False, settings={"onDelete": "RESTRICT"},
        ),
    )  # fmt: skip
    key = after.by_singular["person"].by_name["employer"]
    assert (key.column, key.is_nullable, key.parts[0].column.nullable) == ("employerId", False, False)
    assert key.settings == {"onDelete": "RESTRICT"}
    many = after.by_singular["company"].by_name["people"]
    assert (many.column, many.parts, many.is_nullable, many.settings) == ("", (), True, {})
    end = relation_end(after, many)
    assert end is not None
    assert (end.to_one, end.target_field) == (False, key)


def test_a_relation_may_lead_to_its_own_object(two: Snapshot) -> None:
    person = two.by_singular["person"]
    after = applied(two, new_relation(person, "boss", person, "Reports")).by_singular["person"]
    assert [field.name for field in after.fields[-2:]] == ["boss", "reports"]
    assert [field.column for field in after.fields[-2:]] == ["bossId", ""]


def test_options_get_labels_and_positions(two: Snapshot) -> None:
    options = [{"value": "LOW"}, {"value": "HIGH", "label": "High", "color": "red", "position": 0}]
    after = applied(two, new_field(two.by_singular["person"], "mood", FieldType.SELECT, options=options, default="LOW"))
    mood = after.by_singular["person"].by_name["mood"]
    assert [(option.value, option.label, option.color, option.position) for option in mood.options] == [
        ("LOW", "LOW", None, 0),
        ("HIGH", "High", "red", 0),
    ]
    assert mood.parts[0].options == ("LOW", "HIGH")


def test_a_default_is_kept_with_all_its_digits(two: Snapshot) -> None:
    digits = Decimal("0.1234567890123456789012345678901234567890")
    after = applied(two, new_field(two.by_singular["person"], "share", FieldType.NUMBER, default=digits))
    assert after.by_singular["person"].by_name["share"].default == digits


def test_what_is_inactive_keeps_its_names(two: Snapshot) -> None:
    person = replace(two.by_singular["person"], is_active=False)
    snapshot = replace(two, objects={**two.objects, person.id: person})
    with pytest.raises(NameTaken, match="there is an object person"):
        apply(snapshot, new_object("person"))


def thousand() -> Iterable[Change]:
    return (new_object(f"thing{chr(97 + n // 100)}{n}", f"many{n}") for n in range(1_000))


@pytest.mark.long
def test_a_change_makes_new_only_what_it_touches_among_1000_objects() -> None:
    before = applied(EMPTY, *thousand())
    first, second, *_ = before.objects.values()

    after = applied(before, new_field(first, "extra"))
    assert {id_ for id_, object_ in after.objects.items() if before.objects[id_] is not object_} == {first.id}

    after = applied(before, new_relation(first, "other", second, "Others"))
    assert {id_ for id_, object_ in after.objects.items() if before.objects[id_] is not object_} == {
        first.id,
        second.id,
    }

    after = applied(before, new_object("another"))
    assert all(after.objects[id_] is object_ for id_, object_ in before.objects.items())
    assert len(after.objects) == 1_001
