"""A whole operation is one statement: counted where the database is asked."""

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, create

LONG = "a" * 64
ONE_STATEMENT = {
    "one root": "{ people { totalCount } }",
    "every entry of a connection": (
        "{ people(first: 3, orderBy: [{city: DESC}]) { edges { cursor node { id } } totalCount"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    ),
    "many roots": "{ "
    + " ".join(f"r{number}: people(first: {number}) {{ totalCount }}" for number in range(50))
    + " }",
    "roots of all kinds": (
        f'{{ people {{ totalCount }} person(id: "{NOBODY}") {{ id }} peopleAggregate {{ count }} __typename'
        ' company(filter: {name: {eq: "x"}}) { id } }'
    ),
    "deep": (
        "{ companies { edges { node { people(first: 5) { edges { node { activities(first: 5) { edges { node { company {"
        " opportunities(first: 5) { edges { node { person { company { name } } } } } } } } } } } } } } } }"
    ),
    "long aliases that differ at their end": (
        f"{{ {LONG}x: people {{ {LONG}y: totalCount }} {LONG}z: people {{ {LONG}y: totalCount }} }}"
    ),
    "filters and orders across relations": (
        '{ people(filter: {company: {name: {contains: "x"}}}, orderBy: [{company: {name: ASC}}]) { totalCount'
        " edges { cursor } } }"
    ),
    "introspection beside records": '{ people { totalCount } __type(name: "Person") { name } __schema { __typename } }',
    "a root that is refused": "{ person { id } people { totalCount } }",
}


@pytest.mark.parametrize("text", ONE_STATEMENT.values(), ids=ONE_STATEMENT)
async def test_a_query_is_one_statement(apis: Apis, text: str) -> None:
    for expected in (1, 2):
        await apis.ask(text)
        assert len(apis.database.log) == expected


async def test_what_asks_nothing_of_the_database_sends_it_nothing(apis: Apis) -> None:
    for text in (
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{ people { nothing } }",
        "{",
        "{ person { id } }",
    ):
        await apis.ask(text)
    # The workspace's version, looked up before a document is refused for good.
    assert {text for text in apis.database.log.texts if "people" in text or "person" in text} == set()


WRITES = {
    "create": 'mutation { createCompany(data: {name: "x"}) { id name createdBy { name } } }',
    "create many": 'mutation { createCompanies(data: [{name: "x"}, {name: "y"}]) { id } }',
    "update": f'mutation {{ updateCompany(id: "{NOBODY}", data: {{name: "x"}}) {{ id name }} }}',
    "update many": 'mutation { updateCompanies(filter: {name: {is: NULL}}, data: {name: "x"}) { id } }',
    "delete": f'mutation {{ deleteCompany(id: "{NOBODY}") {{ id }} }}',
    "connect, and answer the connected record": (
        f'mutation {{ createPerson(data: {{email: "x", companyId: "{NOBODY}"}}) {{ company {{ name }} }} }}'
    ),
}


@pytest.mark.parametrize("text", WRITES.values(), ids=WRITES)
async def test_a_root_field_that_stays_on_what_it_writes_is_one_statement(apis: Apis, text: str) -> None:
    await create(apis, "company", id=NOBODY)
    apis.database.log.steps.clear()
    await apis.data(text)
    assert len(apis.database.log) == 1
