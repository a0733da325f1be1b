"""Requests of roles through the whole path: the hidden never was, the withheld is FORBIDDEN, plans are shared."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import Apis
from tests.engine.access.served_role import Client
from tests.engine.metadata_api.roles import UPDATE, create_role

READ: dict[str, Any] = {"read": {}}
WRITE: dict[str, Any] = {"read": {}, "create": {}, "update": {}, "delete": {}, "restore": {}, "destroy": {}}
NONE: dict[str, Any] = {}
PEOPLE = "{ people { edges { node { firstName city } } } }"


async def client(apis: Apis, name: str = "rep", grants: Mapping[str, Any] | None = None, **more: Any) -> Client:
    """A client of a new role with these grants by nameSingular; `every` is for all objects."""
    listed = [{"object": "*" if one == "every" else one, **rights} for one, rights in (grants or more).items()]
    await create_role(apis, name=name, label=name, grants=listed)
    return Client(apis, name)


async def test_a_role_that_is_gone_may_do_nothing(apis: Apis) -> None:
    gone = Client(apis, "never")
    assert await gone.refused("{ __typename }") == (
        403,
        "FORBIDDEN",
        "The role of this request does not exist, or not any more.",
    )
    assert not gone.is_warm("{ __typename }")


async def test_a_principal_without_a_value_that_its_role_needs(apis: Apis) -> None:
    await create_role(
        apis,
        name="rep",
        label="Rep",
        claims=[{"name": "userId", "type": "UUID"}],
        grants=[{"object": "*", **WRITE}],
    )
    for claims in ({}, {"userId": None}, {"userId": "x"}, {"userid": str(uuid4())}):
        status, answer = await Client(apis, "rep", claims).send(PEOPLE)
        extensions = answer["errors"][0]["extensions"]
        assert (status, extensions["code"], extensions["reason"]) == (403, "FORBIDDEN", "PRINCIPAL_VALUE")
        assert (extensions["name"], extensions["type"]) == ("userId", "UUID")
    assert await Client(apis, "rep", {"userId": str(uuid4())}).data(PEOPLE)


HIDDEN = [
    ("a query", "{{ {plural} {{ edges {{ node {{ id }} }} }} }}"),
    ("an aggregate", "{{ {plural}Aggregate {{ count }} }}"),
    ("a mutation", "mutation {{ create{Singular}(data: {{ name: null }}) {{ id }} }}"),
    ("a subscription", "subscription {{ {singular}Created {{ id }} }}"),
    ("a relation", "{{ people {{ edges {{ node {{ {singular} {{ id }} }} }} }} }}"),
    ("a key", "{{ people {{ edges {{ node {{ {singular}Id }} }} }} }}"),
    ("a filter", "{{ people(filter: {{ {singular}Id: {{ is: NULL }} }}) {{ totalCount }} }}"),
    ("an order", "{{ people(orderBy: [{{ {singular}Id: AscNullsFirst }}]) {{ totalCount }} }}"),
    ("data", "mutation {{ createPerson(data: {{ {singular}Id: null }}) {{ id }} }}"),
    ("a type", "query ($f: {Singular}FilterInput) {{ people {{ edges {{ node {{ id }} }} }} }}"),
    ("a fragment", "{{ people {{ edges {{ node {{ ... on {Singular} {{ id }} }} }} }} }}"),
    ("introspection", '{{ __type(name: "{Singular}") {{ name }} }}'),
    ("a search", '{{ search(query: "x", objects: ["{singular}"]) {{ edges {{ cursor }} }} }}'),
]


@pytest.mark.parametrize("text", [text for _, text in HIDDEN], ids=[name for name, _ in HIDDEN])
async def test_a_hidden_object_is_one_that_never_was(apis: Apis, text: str) -> None:
    """The same bytes, but for the name, which has as many letters."""
    rep = await client(apis, every=WRITE, company=NONE)
    hidden = text.format(singular="company", Singular="Company", plural="companies")
    never = text.format(singular="kompany", Singular="Kompany", plural="kompanies")
    status, answer = await rep.send(hidden)
    assert (status, str(answer).replace("ompan", "").replace("C", "K").replace("c", "k")) == (
        (await rep.send(never))[0],
        str((await rep.send(never))[1]).replace("ompan", "").replace("C", "K").replace("c", "k"),
    )
    assert "FORBIDDEN" not in str(answer)


async def test_a_hidden_field_is_one_that_never_was(apis: Apis) -> None:
    rep = await client(
        apis, every=WRITE, person={**WRITE, "read": {"fields": {"allBut": ["city"]}}, "create": None, "update": None}
    )
    for text in (
        "{{ people {{ edges {{ node {{ {name} }} }} }} }}",
        '{{ people(filter: {{ {name}: {{ eq: "x" }} }}) {{ totalCount }} }}',
        "{{ people(orderBy: [{{ {name}: AscNullsFirst }}]) {{ totalCount }} }}",
        "{{ people(distinctOn: [{name}]) {{ totalCount }} }}",
        "{{ peopleAggregate {{ countValues {{ {name} }} }} }}",
        "{{ peopleGroupBy(groupBy: [{{ {name}: true }}]) {{ count }} }}",
        "subscription {{ personUpdated(changed: [{name}]) {{ id }} }}",
    ):
        hidden, never = await rep.send(text.format(name="city")), await rep.send(text.format(name="zity"))
        assert str(hidden).replace("city", "zity") == str(never), text


FORBIDDEN = [
    ('mutation { createPerson(data: { city: "x" }) { id } }', "create"),
    ("mutation ($d: PersonInput!) { createPerson(data: $d) { id } }", "create"),
    ("mutation { createPeople(data: []) { id } }", "create"),
    ('mutation { updatePerson(id: "x", data: {}) { id } }', "update"),
    ("mutation { updatePeople(filter: {}, data: {}) { id } }", "update"),
    ('mutation { deletePerson(id: "x") { id } }', "delete"),
    ("mutation { restorePeople(filter: {}) { id } }", "restore"),
    ('mutation { destroyPerson(id: "x") { id } }', "destroy"),
    ("mutation { upsertPerson(data: {}) { created } }", "create"),
]


@pytest.mark.parametrize(("text", "action"), FORBIDDEN)
@pytest.mark.parametrize("writes", [False, True], ids=["without any mutation", "beside others"])
async def test_a_mutation_without_its_right_is_forbidden(apis: Apis, text: str, action: str, writes: bool) -> None:
    more: dict[str, Any] = {"company": WRITE} if writes else {}
    rep = await client(apis, grants={"every": READ, **more})
    assert await rep.refused(text, d={}) == (403, "FORBIDDEN", f"The role 'rep' may not {action} People.")


async def test_aggregates_without_their_right_are_forbidden(apis: Apis) -> None:
    rep = await client(apis, every={**WRITE, "aggregates": False})
    for text in (
        "{ people { totalCount } }",
        "{ people { aggregate { count } } }",
        "{ people { sumPosition } }",
        "{ peopleAggregate { count } }",
        "{ peopleGroupBy(groupBy: [{ city: true }]) { count } }",
    ):
        assert await rep.refused(text) == (403, "FORBIDDEN", "The role 'rep' may not aggregate People."), text
    assert await rep.data("{ people { pageInfo { hasNextPage } edges { node { id } } } }")


async def test_a_field_that_may_be_read_and_not_written_is_forbidden(apis: Apis) -> None:
    fields = {"fields": {"allBut": ["city", "company"]}}
    rep = await client(apis, every=WRITE, person={**WRITE, "create": fields, "update": fields})
    message = "The role 'rep' may not write the field '{}' of People."
    for name, value in (("city", "x"), ("companyId", None)):
        shown = "null" if value is None else f'"{value}"'
        said = message.format(name.removesuffix("Id"))
        assert await rep.refused(f"mutation {{ createPerson(data: {{ {name}: {shown} }}) {{ id }} }}") == (
            403,
            "FORBIDDEN",
            said,
        )
        text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
        assert await rep.refused(text, d={name: value}) == (403, "FORBIDDEN", said)
    made = await rep.data('mutation { createPerson(data: { email: "a@x.org" firstName: "Ada" }) { firstName city } }')
    assert made["createPerson"] == {"firstName": "Ada", "city": None}


async def test_conflicts_name_no_hidden_field(apis: Apis) -> None:
    hides = {
        **WRITE,
        "read": {"fields": {"allBut": ["email"]}},
        "create": {"preset": {"email": "a@x.org"}},
        "update": None,
    }
    rep = await client(apis, every=WRITE, person=hides)
    await apis.data('mutation { createPerson(data: { email: "a@x.org" }) { id } }')
    _, answer = await rep.send('mutation { createPerson(data: { city: "x" }) { id } }')
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Another record has these values.", "CONFLICT")
    assert "email" not in str(answer)


async def test_two_roles_take_turns_on_one_document_cold_and_warm(apis: Apis) -> None:
    await apis.data('mutation { createPerson(data: { email: "a@x.org" firstName: "Ada" city: "Rome" }) { id } }')
    whole, part = (
        Client(apis, "admin"),
        await client(apis, every=READ, person={"read": {"fields": {"only": ["firstName"]}}}),
    )
    text = "{ people { edges { node { firstName } } } }"
    for _ in range(3):
        for one in (whole, part):
            assert (await one.data(text))["people"]["edges"] == [{"node": {"firstName": "Ada"}}]
    counters = apis.core.compiler.plans.counters
    before = counters.misses, counters.drops
    for _ in range(3):
        for one in (whole, part):
            assert one.is_warm(text)
            await one.data(text)
        assert (await part.refused(PEOPLE))[1] == "GRAPHQL_VALIDATION_FAILED"
        assert await whole.data(PEOPLE)
    assert (counters.misses, counters.drops) == (before[0] + 1, before[1]), "PEOPLE was planned once, for one role"
    assert not part.is_warm(PEOPLE)
    assert whole.is_warm(PEOPLE)


async def test_roles_that_see_a_documents_objects_alike_share_its_plan(apis: Apis) -> None:
    """Each hides another object than the document's, or none; the first plan serves all."""
    clients = [Client(apis, "admin")]
    for number, name in enumerate(("opportunity", "activity", "company")):
        # A relation leads from people to companies: a role without companies sees a person without it.
        clients.append(await client(apis, f"rep{number}", {"every": WRITE, name: READ}))
    text = "{ people { edges { node { firstName } } } }"
    counters = apis.core.compiler.plans.counters
    for one in clients:
        await one.data(text)
    assert (counters.misses, counters.shared) == (1, 2 * (len(clients) - 1))
    request = GraphQLRequest(query=text, operation_name=None, variables={})
    ready = [apis.core.ready.find(one.principal, request, request.variables) for one in clients]
    assert len({one.run.bound.statement for one in ready if one is not None}) == 1
    assert None not in ready
    for one in clients:
        await one.data(text)
    assert counters.misses == 1


async def test_a_changed_role_drops_its_own_plans_alone(apis: Apis) -> None:
    rep, other = await client(apis, "rep", every=READ), await client(apis, "other", every=READ, company=WRITE)
    for one in (rep, other):
        await one.data(PEOPLE)
    counters = apis.core.compiler.plans.counters
    before = counters.misses
    role = next(role for role in (await apis.snapshot()).roles.values() if role.name == "rep")
    hides = [{"object": "*", **READ}, {"object": "person", "read": {"fields": {"allBut": ["city"]}}}]
    await apis.change(UPDATE, id=str(role.id), input={"grants": hides})
    assert (await rep.refused(PEOPLE))[1] == "GRAPHQL_VALIDATION_FAILED"
    assert other.is_warm(PEOPLE)
    assert await other.data(PEOPLE)
    assert counters.misses == before


async def test_the_metadata_api_is_for_those_who_may_do_everything(apis: Apis) -> None:
    rep = await client(apis, every=READ)
    status, answer = await rep.send("{ objects { edges { node { nameSingular } } } }", api=apis.metadata)
    assert status == 403 or "person" in str(answer), "it is refused, or shows only the role's view"
