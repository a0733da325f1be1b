"""The schema of a role is a projection of the whole one: legal, the same in each form, and without hidden parts."""

import asyncio

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    get_named_type,
    print_type,
    validate_schema,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.engine.introspection.answers import SchemaAnswers
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import WHOLLY, Action, Fields, Role, Way
from tests.access_roles import ALL, NONE, READ_ONLY, Rights, all_but, make_role, only, rule, with_roles
from tests.eager_schema import eager_schema
from tests.engine.access.clone import without_hidden_parts
from tests.engine.introspection.introspecting import ask, expected
from tests.engine.schema.printing import sorted_print
from tests.models import all_types_snapshot, standard_snapshot
from tests.strategies import snapshots

FULL = get_introspection_query(input_value_deprecation=True)
STANDARD = standard_snapshot()
PERSON, COMPANY = STANDARD.by_singular["person"], STANDARD.by_singular["company"]
OPPORTUNITY = STANDARD.by_singular["opportunity"]
HIDES = Way(fields=all_but(PERSON, "jobTitle", "email"))

ROLES: dict[str, dict[str, Rights]] = {
    "viewer": {"*": READ_ONLY},
    "editor": {"*": {**ALL, Action.DESTROY: ()}},
    "creates only": {"*": {Action.CREATE: WHOLLY}},
    "sees nothing": {},
    "hides an object": {"*": ALL, "company": NONE},
    "hides all but one object": {"person": ALL},
    "reads some fields": {"*": ALL, "person": {**ALL, Action.READ: [HIDES]}},
    "reads a field less and writes it": {"*": ALL, "person": {Action.READ: [HIDES], Action.CREATE: WHOLLY}},
    "writes some fields": {
        "*": READ_ONLY,
        "person": {Action.CREATE: [Way(fields=only(PERSON, "firstName"))], Action.UPDATE: [HIDES]},
    },
    "reads no relation": {"*": ALL, "person": {**ALL, Action.READ: [Way(fields=all_but(PERSON, "company"))]}},
    "gives a relation that it does not read": {
        "*": READ_ONLY,
        "person": {Action.READ: [Way(fields=all_but(PERSON, "company"))], Action.CREATE: WHOLLY},
    },
    "creates companies and reads people": {"person": READ_ONLY, "company": {Action.CREATE: WHOLLY}},
    "reads no inverse": {"*": ALL, "company": {**ALL, Action.READ: [Way(fields=all_but(COMPANY, "people"))]}},
    "reads fields in some records": {
        "*": ALL,
        "person": {**ALL, Action.READ: [HIDES, Way(rule=rule(PERSON, "city", '"Rome"'))]},
        "opportunity": {
            Action.READ: [
                Way(fields=all_but(OPPORTUNITY, "stage", "company")),
                Way(rule=rule(OPPORTUNITY, "name", '"x"')),
            ],
            Action.CREATE: WHOLLY,
        },
    },
    "reads the id alone": {"person": {Action.READ: [Way(fields=only(PERSON))]}},
}
roles = pytest.mark.parametrize("rights", ROLES.values(), ids=ROLES)
either = pytest.mark.parametrize("aggregates", [True, False], ids=["with aggregates", "without"])


def view(rights: dict[str, Rights], *, aggregates: bool = True, snapshot: Snapshot = STANDARD) -> Snapshot:
    role = make_role(snapshot, "rep", rights, aggregates=aggregates)
    return view_of(with_roles(snapshot, role), role.id)


def check_is_legal(schema: GraphQLSchema) -> None:
    """graphql-core finds nothing but types that the role has no member of: roots, inputs."""
    unchecked = schema.to_kwargs()
    unchecked["assume_valid"] = False
    problems = [problem.message for problem in validate_schema(GraphQLSchema(**unchecked))]
    assert [one for one in problems if "must define one or more fields" not in one] == []


@roles
@either
def test_the_lazy_schema_is_the_eager_one(rights: dict[str, Rights], aggregates: bool) -> None:
    seen = view(rights, aggregates=aggregates)
    eager = eager_schema(seen)
    check_is_legal(eager)
    assert sorted_print(lazy_schema(seen)) == sorted_print(eager)


@pytest.mark.long
@either
async def test_introspections_of_roles_in_turn_are_graphql_cores(aggregates: bool) -> None:
    """One cache answers all roles: no role learns of another one's rights."""
    answers = SchemaAnswers()
    wanted = {name: expected(view(rights, aggregates=aggregates), FULL) for name, rights in ROLES.items()}
    whole = expected(STANDARD, FULL)
    for _ in range(2):
        for name, rights in ROLES.items():
            assert await ask(answers, view(rights, aggregates=aggregates), FULL) == wanted[name]
        assert await ask(answers, STANDARD, FULL) == whole


def _readable_types(schema: GraphQLSchema) -> dict[str, str]:
    """The types that queries lead to, as texts, without the root fields that need rights to write."""
    assert schema.query_type is not None
    found: dict[str, str] = {}
    pending = [schema.query_type.name]
    while pending:
        type_ = schema.type_map[pending.pop()]
        if type_.name in found:
            continue
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType):
            members = {name: one for name, one in type_.fields.items() if not name.endswith("Duplicates")}
            for one in members.values():
                arguments = one.args.values() if isinstance(one, GraphQLField) else ()
                pending += [get_named_type(used.type).name for used in (one, *arguments)]
            found[type_.name] = "\n".join(
                f"{name}({', '.join(f'{key}: {used.type}' for key, used in one.args.items())}): {one.type}"
                if isinstance(one, GraphQLField)
                else f"{name}: {one.type}"
                for name, one in members.items()
            )
        else:
            found[type_.name] = print_type(type_)
    return found


# In such a model a field that the role reads in some records would be a key to find a record by, and each relation has
# both ends.
PLAIN = {
    name: rights
    for name, rights in ROLES.items()
    if name != "reads no inverse" and not any(one.guarded for one in view(rights).objects.values())
}


@pytest.mark.parametrize("rights", PLAIN.values(), ids=PLAIN)
def test_a_role_reads_the_schema_of_a_model_without_what_it_may_not_read(rights: dict[str, Rights]) -> None:
    seen = view(rights)
    readable = _readable_types(eager_schema(seen))
    assert readable == _readable_types(eager_schema(without_hidden_parts(STANDARD, seen)))


async def test_roles_that_see_an_object_whole_share_its_text() -> None:
    answers = SchemaAnswers()
    # No relation leads from an activity's neighbours to a restricted object.
    seen = [view({"*": ALL, "person": {**ALL, Action.DESTROY: ()}}) for _ in range(3)]
    await ask(answers, seen[0], FULL)
    before = answers.written
    for other in seen[1:]:
        await ask(answers, other, FULL)
    # The person, and its neighbours, whose texts depend on it.
    assert answers.written == before


@st.composite
def drawn_roles(draw: st.DrawFn, snapshot: Snapshot) -> Role:
    """A role with rights to objects and fields, without rules."""
    objects = [*snapshot.by_singular.values()]

    def fields(object_: Object) -> Fields:
        ids = draw(st.frozensets(st.sampled_from([one.id for one in object_.fields]), max_size=4))
        return Fields(ids=ids, only=draw(st.booleans()))

    def rights(object_: Object | None) -> Rights:
        actions = draw(st.frozensets(st.sampled_from(list(Action))))
        return {action: WHOLLY if object_ is None else [Way(fields=fields(object_))] for action in actions}

    granted: dict[str, Rights] = {"*": rights(None)} if draw(st.booleans()) else {}
    for object_ in draw(st.lists(st.sampled_from(objects), max_size=3, unique_by=lambda one: one.id)):
        granted[object_.name_singular] = rights(object_)
    return make_role(snapshot, "drawn", granted, aggregates=draw(st.booleans()))


@pytest.mark.long
@given(st.data())
@settings(max_examples=25)
def test_any_role_of_any_workspace_has_one_schema(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    if not snapshot.by_singular:
        return
    role = data.draw(drawn_roles(snapshot))
    seen = view_of(with_roles(snapshot, role), role.id)
    eager = eager_schema(seen)
    check_is_legal(eager)
    assert sorted_print(lazy_schema(seen)) == sorted_print(eager)
    assert asyncio.run(ask(SchemaAnswers(), seen, FULL)) == expected(seen, FULL)


@roles
def test_no_name_of_a_hidden_field_or_object_stands_in_a_schema(rights: dict[str, Rights]) -> None:
    seen = view(rights)
    types = eager_schema(seen).type_map
    for object_ in seen.objects.values():
        if not object_.is_active:
            assert [name for name in types if name.startswith(object_.type_name)] == []
    person = seen.objects[PERSON.id]
    hidden = {name for name in PERSON.by_name if name not in person.known}
    for type_ in types.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType) and type_.name.startswith("Person"):
            assert not hidden & set(type_.fields), type_.name
        if isinstance(type_, GraphQLEnumType) and type_.name.startswith("Person"):
            assert not hidden & set(type_.values), type_.name


def fields_of(seen: Snapshot, type_: str) -> set[str]:
    found = lazy_schema(seen).type_map.get(type_)
    return set(found.fields) if isinstance(found, GraphQLObjectType | GraphQLInputObjectType) else set()


def test_what_a_viewer_has_no_right_to_is_not_there() -> None:
    seen = view(ROLES["viewer"])
    schema = lazy_schema(seen)
    assert schema.mutation_type is None
    assert schema.subscription_type is not None
    assert "Mutation" not in schema.type_map
    assert "PersonInput" not in schema.type_map
    assert "PersonRelationInput" not in schema.type_map


def test_who_reads_nothing_subscribes_to_nothing() -> None:
    schema = lazy_schema(view(ROLES["creates only"]))
    assert schema.subscription_type is None
    assert set(fields_of(view(ROLES["creates only"]), "Person")) == {"id"}
    assert "createPerson" in fields_of(view(ROLES["creates only"]), "Mutation")
    assert "updatePerson" not in fields_of(view(ROLES["creates only"]), "Mutation")


def test_who_may_not_aggregate_counts_nothing() -> None:
    seen = view({"*": ALL}, aggregates=False)
    assert fields_of(seen, "PersonConnection") == {"edges", "pageInfo"}
    assert not {name for name in fields_of(seen, "Query") if name.endswith(("Aggregate", "GroupBy"))}
    assert "peopleAggregate" not in fields_of(seen, "CompanyFilterInput")
    assert "sumPosition" not in lazy_schema(seen).type_map["PersonConnection"].fields  # type: ignore[attr-defined]  # an object type


def test_a_field_that_may_be_given_and_not_read() -> None:
    seen = view(ROLES["reads a field less and writes it"])
    assert "email" in fields_of(seen, "PersonInput")
    for type_ in ("Person", "PersonFilterInput", "PersonOrderByInput"):
        assert "email" not in fields_of(seen, type_)


def test_the_inverse_of_a_hidden_key_is_hidden() -> None:
    """Whose people a company has would tell the company of each person."""
    seen = view(ROLES["reads no relation"])
    assert "people" in COMPANY.by_name
    assert not {"people", "peopleAggregate"} & (fields_of(seen, "Company") | fields_of(seen, "CompanyFilterInput"))
    assert not {"company", "companyId"} & (fields_of(seen, "Person") | fields_of(seen, "PersonFilterInput"))
    assert "company" in fields_of(view(ROLES["reads no inverse"]), "Person")


def test_enums_of_hidden_fields() -> None:
    snapshot = all_types_snapshot()
    thing = next(one for one in snapshot.by_singular.values() if any(field.options for field in one.fields))
    field = next(one for one in thing.by_name.values() if one.options)
    enum = f"{thing.type_name}{field.name[0].upper()}{field.name[1:]}Enum"

    def types(**rights: Rights) -> object:
        return lazy_schema(view({"*": ALL, **rights}, snapshot=snapshot)).type_map

    hides = [Way(fields=all_but(thing, field.name))]
    writes = {**ALL, Action.READ: hides}
    assert enum in types()  # type: ignore[operator]  # a mapping
    assert enum in types(**{thing.name_singular: writes})  # type: ignore[operator]  # a mapping
    assert f"{enum}Filter" not in types(**{thing.name_singular: writes})  # type: ignore[operator]  # a mapping
    hidden = {**writes, Action.CREATE: hides, Action.UPDATE: hides}
    assert enum not in types(**{thing.name_singular: hidden})  # type: ignore[operator]  # a mapping


def test_a_rule_changes_no_type() -> None:
    bound = view({"*": ALL, "person": {**ALL, Action.READ: [Way(rule=rule(PERSON, "city", '"Rome"'))]}})
    for type_ in ("Query", "Person", "PersonFilterInput", "PersonInput", "Mutation", "CompanyFilterInput"):
        assert fields_of(STANDARD, type_) == fields_of(bound, type_)
