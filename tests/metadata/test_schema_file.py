"""metadata/schema_file: a model written down, and made again from it."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from graphql import print_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.metadata.changes import (
    Change,
    CreateField,
    CreateIndex,
    DeleteObject,
    NewJunction,
    NewRelation,
    UpdateField,
    UpdateObject,
    apply,
)
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import RelationType, Snapshot
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.schema_file.text import read_document, write_document
from tests.eager_schema import eager_schema
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person
from tests.metadata.schema_files import carry_out, carry_out_at, shown, written
from tests.metadata.updates import field_of, options
from tests.models import all_types_snapshot, apply_all, empty_snapshot, standard_snapshot
from tests.project.modules import ROOT
from tests.strategies import labels, names, snapshots, texts


def rich(base: Snapshot) -> Snapshot:
    """A model with everything that a document must know."""
    object_, hidden, task = (
        new_object("project", description="Work"),
        new_object("secret"),
        new_object("task", skip_name_field=True),
    )
    project = replace(person(base), id=object_.id, name_singular="project", label_singular="Project")
    company = base.by_singular["company"]
    code = new_field(object_.id, "code", is_unique=True, is_active=False)
    size = new_field(object_.id, "size", FieldType.NUMBER, settings={"dataType": "int"}, is_nullable=False, default=1)
    junction = NewJunction(name_singular="membership", name_plural="memberships")
    model = apply_all(
        base,
        [
            object_,
            new_relation(person(base), "project", project, "Members"),
            new_field(object_.id, "budget", FieldType.CURRENCY, default={"amountMicros": 5}),
            size,
            hidden,
            task,
            new_field(task.id, "name", label="Not the one that comes along"),
            new_field(object_.id, "rate", FieldType.NUMBER, default=1.50),
            new_field(object_.id, "stage", FieldType.SELECT, options=options("NEW", "OLD"), default="NEW"),
            new_field(object_.id, "tags", FieldType.MULTI_SELECT, options=options("NO", "YES"), default=["NO"]),
            new_field(object_.id, "stars", FieldType.RATING),
            new_field(object_.id, "due", FieldType.DATE, default="now"),
            new_field(object_.id, "born", FieldType.DATE, default="2024-01-31"),
            code,
            new_relation(project, "parent", project, "Parts", settings={"onDelete": "CASCADE"}),
            new_relation(project, "lead", person(base), "Leads", kind=RelationType.ONE_TO_ONE),
            new_relation(company, "boss", person(base), "Bosses", is_active=False),
            new_relation(project, "tasks", replace(project, id=task.id), "Project", kind=RelationType.ONE_TO_MANY),
            CreateField(
                object_id=object_.id, name="crew", label="Crew", type=FieldType.RELATION, description="Helpers.",
                relation=NewRelation(target_object_id=person(base).id, target_field_label="Crews", junction=junction),
            ),
            new_field(junction.id, "since", FieldType.DATE),
            CreateField(
                object_id=task.id, name="owner", label="Owner", type=FieldType.MORPH_RELATION, icon="user",
                morph=tuple(
                    NewRelation(target_object_id=one.id, target_field_label="Owned tasks")
                    for one in (company, person(base), project)
                ),
            ),
            new_field(object_.id, "words", FieldType.TS_VECTOR, settings={"fields": ["name", "code"]}),
            new_field(object_.id, "owner", FieldType.FULL_NAME, settings={"skipLabelIndex": True}),
            UpdateField(field_id=hidden.name_field_id, settings={"skipLabelIndex": True}),
            UpdateField(field_id=object_.name_field_id, settings={"skipLabelIndex": True}),
            CreateIndex(object_id=hidden.id, field_ids=(hidden.name_field_id,)),
            CreateIndex(object_id=object_.id, field_ids=(size.id, code.id), is_unique=True),
            CreateIndex(object_id=object_.id, field_ids=(code.id,), is_partial=True),
        ],
    )  # fmt: skip
    changes: list[Change] = [
        UpdateObject(object_id=hidden.id, is_active=False),
        UpdateObject(object_id=person(base).id, name_singular="contact", name_plural="contacts"),
        UpdateField(field_id=person(base).by_name["city"].id, name="town"),
        UpdateField(field_id=person(base).by_name["company"].id, name="employer", settings={"onDelete": "RESTRICT"}),
        UpdateField(field_id=company.by_name["people"].id, name="staff", description="The staff"),
        UpdateField(field_id=company.by_name["createdAt"].id, label="Since", description=None, position=0.0),
        UpdateField(field_id=code.id, position=2.5),
        UpdateObject(object_id=object_.id, position=-1.0),
        UpdateField(field_id=field_of(model, "project", "parts").id, position=1.5),
        UpdateField(field_id=field_of(model, "person", "leads").id, position=4.0),
        UpdateField(field_id=field_of(model, "project", "name").id, name="title", is_nullable=False, default="New"),
        UpdateField(field_id=field_of(model, "task", "ownerCompany").id, name="payer", label="Payer"),
        UpdateField(field_id=field_of(model, "project", "parts").id, is_active=False),
        # Its old name is another object's now.
        new_object("person", "people"),
    ]
    return apply_all(model, changes)


@pytest.mark.parametrize("base", [standard_snapshot(), rich(standard_snapshot()), all_types_snapshot()])
def test_a_model_made_from_its_document_is_the_same(base: Snapshot) -> None:
    document = written(base)
    # A new workspace has the standard objects; where a model has not got them, it was made of nothing.
    start = empty_snapshot() if "thing" in base.by_singular else standard_snapshot()
    made, _ = carry_out(start, document)
    assert shown(made) == shown(base)
    assert print_schema(eager_schema(made)) == print_schema(eager_schema(base))
    assert written(made) == document
    assert carry_out(made, document, prune=True) == (made, 0)
    assert carry_out(base, document, prune=True) == (base, 0)


@st.composite
def models(draw: st.DrawFn) -> Snapshot:
    """Legal models whose parts were changed after they were made."""
    snapshot = draw(snapshots())
    for _ in range(draw(st.integers(0, 8))):
        object_ = draw(st.sampled_from(list(snapshot.objects.values())))
        field = draw(st.sampled_from(object_.fields))
        other = draw(st.sampled_from(object_.fields))
        target = draw(st.sampled_from(list(snapshot.objects.values())))
        changes: list[Change] = [
            UpdateObject(object_id=object_.id, is_active=False),
            UpdateObject(object_id=object_.id, duplicate_criteria=[[field.name], [other.name, str(field.id)]]),
            UpdateObject(object_id=object_.id, name_singular=draw(names), description=draw(texts)),
            UpdateField(field_id=field.id, is_active=False),
            UpdateField(field_id=field.id, name=draw(names)),
            UpdateField(field_id=field.id, label=draw(labels), icon=draw(texts)),
            UpdateField(field_id=field.id, is_unique=True),
            UpdateField(field_id=field.id, is_nullable=False, settings={"onDelete": "RESTRICT"}),
            CreateIndex(object_id=object_.id, field_ids=(field.id, other.id), is_unique=draw(st.booleans())),
            UpdateField(field_id=field.id, type=draw(st.sampled_from([FieldType.TEXT, FieldType.RAW_JSON]))),
            CreateIndex(object_id=object_.id, field_ids=(field.id,), method="gin"),
            CreateIndex(object_id=object_.id, field_ids=(field.id,), is_partial=True),
            DeleteObject(object_id=object_.id),
            CreateField(
                object_id=object_.id, name=draw(names), label=draw(labels), type=FieldType.RELATION,
                relation=NewRelation(
                    target_object_id=target.id, target_field_label=draw(labels), target_field_name=draw(names),
                    junction=NewJunction(),
                ),
            ),
        ]  # fmt: skip
        change = draw(st.sampled_from(changes))
        try:
            snapshot = apply(snapshot, change).snapshot if len(snapshot.objects) > 1 else snapshot
        except (InvalidChange, UnknownObject):
            continue
    return snapshot


@pytest.mark.long
@settings(max_examples=60)
@given(models())
def test_any_model_is_made_again_from_its_document(model: Snapshot) -> None:
    document = written(model)
    made, _ = carry_out(empty_snapshot(), document)
    assert shown(made) == shown(model)
    assert written(made) == document
    assert carry_out(made, document, prune=True) == (made, 0)


@pytest.mark.long
async def test_another_workspace_gets_the_same_model(desk: Desk) -> None:
    model = await desk.default()
    document = written(rich(model))

    for name in ("other", "another"):
        workspace = (await desk.workspaces.create(name, actor="test")).workspace
        await carry_out_at(desk, workspace.id, document)
        made = await desk.reload(workspace.id)
        assert shown(made) == shown(await desk.current.get(workspace.id))
        assert written(made) == document
        async with desk.database.session() as connection:
            assert await find_drift(connection, made, trigram=desk.catalog.trigram) == []
    assert print_schema(eager_schema(made)) == print_schema(eager_schema(rich(model)))


def test_what_differs_is_changed_and_nothing_else() -> None:
    model = rich(standard_snapshot())
    document = copy.deepcopy(written(model))
    project = document["objects"]["project"]["fields"]
    document["objects"]["contact"]["labelPlural"] = "Contacts"
    project["budget"]["label"] = "Money"
    del project["budget"]["defaultValue"]
    project["lead"]["relation"]["type"] = "MANY_TO_ONE"
    project["parent"]["settings"] = {"onDelete": "RESTRICT"}
    project["stage"]["options"] = [{"value": "NEW"}, {"value": "OLD"}, {"value": "LATE"}]
    del document["objects"]["company"]["fields"]["website"]
    made, count = carry_out(model, document)
    assert count == 5
    object_ = made.by_singular["project"]
    budget, lead = object_.by_name["budget"], object_.by_name["lead"]
    assert (made.by_singular["contact"].label_plural, budget.label, budget.default) == ("Contacts", "Money", None)
    assert (lead.is_unique, object_.by_name["parent"].settings["onDelete"]) == (False, "RESTRICT")
    assert [option.value for option in object_.by_name["stage"].options] == ["NEW", "OLD", "LATE"]
    assert made.by_singular["company"] is model.by_singular["company"]
    assert carry_out(made, document) == (made, 0)


def test_what_has_another_name_in_the_document_keeps_its_values() -> None:
    model = rich(standard_snapshot())
    document = copy.deepcopy(written(model))
    objects = document["objects"]
    plan = objects["plan"] = objects.pop("project")
    plan |= {"renamedFrom": "project", "namePlural": "plans"}
    plan["fields"] = {
        {"budget": "money", "parts": "pieces"}.get(name, name): values for name, values in plan["fields"].items()
    }
    plan["fields"]["money"]["renamedFrom"] = "budget"
    plan["fields"]["parent"]["relation"] |= {"target": "plan", "inverse": "pieces"}
    text = (
        write_document(document)
        .replace("target: project", "target: plan")
        .replace("inverseOf: project.", "inverseOf: plan.")
    )
    made, count = carry_out(model, read_document(text))
    assert count == 3
    before, after = model.by_singular["project"], made.by_singular["plan"]
    assert (after.id, after.table, after.by_name["money"].id) == (before.id, before.table, before.by_name["budget"].id)
    # The model's own document has no need to say so.
    assert carry_out(made, read_document(text)) == (made, 0)


def test_pruning_deletes_what_the_document_has_not_got() -> None:
    model = rich(standard_snapshot())
    document = written(standard_snapshot())
    objects = document["objects"]
    objects["contact"] = {**objects.pop("person"), "namePlural": "contacts"}
    fields = objects["contact"]["fields"]
    fields["city"]["renamedFrom"], fields["company"]["renamedFrom"] = "town", "employer"
    text = write_document(document).replace(": person", ": contact")
    made, _ = carry_out(model, read_document(text), prune=True)
    assert set(made.by_singular) == {"company", "contact", "opportunity", "activity"}
    for object_ in standard_snapshot().by_singular.values():
        now = made.by_singular[object_.name_singular.replace("person", "contact")]
        assert [field.name for field in now.fields] == [field.name for field in object_.fields]
    assert carry_out(made, read_document(text), prune=True) == (made, 0)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("version",), 2, "must be of version 1, not 2"),
        (("objects",), ["person"], "objects must be a mapping"),
        (("more",), 1, 'the document has no member "more"'),
        (("objects", "person", "label"), "x", 'person has no member "label"'),
        (("objects", "person", "labelPlural"), 5, "person: labelPlural must be text, not 5"),
        (("objects", "person", "fields", "city", "unique"), True, 'person.city has no member "unique"'),
        (("objects", "person", "fields", "city", "type"), "CURRENCY", "a TEXT field cannot become a CURRENCY field"),
        (("objects", "person", "fields", "city", "isUnique"), "no", "isUnique must be true or false"),
        (("objects", "person", "fields", "more"), {"type": "WORDS"}, "type must be one of"),
        (("objects", "person", "fields", "more"), {"type": "RELATION"}, "needs relation"),
        (("objects", "person", "fields", "more"), {"type": "RELATION", "inverseOf": "person.x"}, "no field "),
        (
            ("objects", "person", "fields", "more"),
            {"type": "RELATION", "relation": {"target": "nothing", "inverse": "x"}},
            'there is no object "nothing"',
        ),
        (
            ("objects", "person", "fields", "more"),
            {"type": "RELATION", "relation": {"type": "MANY_TO_MANY", "target": "person", "inverse": "x"}},
            "type must be MANY_TO_ONE or ONE_TO_ONE",
        ),
        (
            ("objects", "person", "fields", "company", "relation"),
            {"target": "activity", "inverse": "people"},
            "must have target: company",
        ),
        (("objects", "person", "fields", "more"), {"type": "SELECT", "options": [{"value": "1"}]}, "person.more: the"),
        (("objects", "opportunity", "fields", "stage"), {"type": "SELECT"}, "opportunity.stage: a SELECT field needs"),
        (("objects", "person", "indexes"), [{"fields": ["nothing"]}], "is no field of it"),
        (("objects", "thing"), {"namePlural": "things"}, "the object thing needs labelSingular, labelPlural"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(path: tuple[str, ...], value: Any, says: str) -> None:
    document = written(standard_snapshot())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InvalidChange, match=says):
        carry_out(standard_snapshot(), document)


def test_another_type_in_the_document_is_a_conversion() -> None:
    document = written(standard_snapshot())
    employees = document["objects"]["company"]["fields"]["employees"]
    assert employees["settings"] == {"dataType": "int"}
    employees["settings"] = {"dataType": "bigint"}
    document["objects"]["person"]["fields"]["city"] |= {"type": "SELECT", "options": [{"value": "PARIS"}]}
    made, count = carry_out(standard_snapshot(), document)
    assert written(made)["objects"]["person"]["fields"]["city"]["type"] == "SELECT"
    city = made.by_singular["person"].by_name["city"]
    assert (count, city.type, city.column) == (2, FieldType.SELECT, "city2")
    assert made.by_singular["company"].by_name["employees"].settings == {"dataType": "bigint"}
    again = written(made)
    assert carry_out(made, again) == (made, 0)
    del again["objects"]["company"]["fields"]["employees"]["settings"]
    reset, _ = carry_out(made, again)
    assert reset.by_singular["company"].by_name["employees"].settings == {}
    again["objects"]["person"]["fields"]["city"] = {"type": "TEXT"}
    back, _ = carry_out(made, again)
    assert (city := back.by_singular["person"].by_name["city"]).type is FieldType.TEXT
    assert city.options == ()


def test_a_rename_by_the_api_shows_in_the_document() -> None:
    model = standard_snapshot()
    city = person(model).by_name["city"]
    renamed = apply(model, UpdateField(field_id=city.id, name="town")).snapshot
    assert "town" in written(renamed)["objects"]["person"]["fields"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("true", True),
        ("2024-01-31", "2024-01-31"),
        ("12", 12),
        ("'12'", "12"),
        ("1.1.1", "1.1.1"),
    ],
)
def test_words_are_text(text: str, value: Any) -> None:
    found = read_document(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


NO_YAML = ["a: 1\na: 2", "version: [", "a: 1e999999999999999999999", "label: {{ x }}", "[a, b]: 1"]
NO_YAML += [
    "a: !!binary aGk=",
    "a: !!set {b}",
    "a: !!timestamp 2024-01-31",
    "a: !!int ''",
    "a: !!float nan",
    "!!map [1]",
]


@pytest.mark.parametrize("text", NO_YAML)
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(InvalidChange, match="cannot be read as YAML"):
        read_document(text)


def test_numbers_keep_their_digits() -> None:
    text = "a: 123456789012345678.0123456789\nb: -1e-7\n"
    found = read_document(text)
    assert str(found["a"]) == "123456789012345678.0123456789"
    assert read_document(write_document(found)) == found


def test_the_documented_file_can_be_applied() -> None:
    page = (ROOT / "docs" / "reference" / "model-file.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    base = replace(standard_snapshot(), roles={role.id: role for role in system_roles()})
    made, count = carry_out(base, read_document(text))
    assert count > 0
    assert "harbourMaster" in {role.name for role in made.roles.values()}
    assert made.by_singular["ship"].by_name["owner"].settings == {"onDelete": "RESTRICT"}
    assert carry_out(made, read_document(text)) == (made, 0)
