"""What validation says of a document does not depend on how the schema is built, nor on what was asked before."""

from itertools import permutations

import pytest
from graphql import GraphQLSchema, parse, validate

from engine.schema.eager import eager_schema
from engine.schema.lazy import lazy_schema
from engine.schema.metadata_mutations import METADATA_MUTATIONS
from metadata.model import Snapshot
from tests.models import metadata_snapshot, standard_snapshot

ID = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"

CORE_EXAMPLES = [
    '{ people(filter: { email: { contains: "@example.com" } }, orderBy: { createdAt: DESC }, limit: 10)'
    " { edges { node { id firstName company { id name } createdAt } } pageInfo { hasNextPage endCursor } } }",
    f'{{ person(id: "{ID}") {{ id phone company {{ id website }} activities {{ edges {{ node {{ id title type'
    " completedAt } } } opportunities { edges { node { id amount stage } } } } }",
    '{ people(filter: { and: [ { email: { isNot: null } } { or: [ { jobTitle: { contains: "engineer" } }'
    ' { jobTitle: { contains: "developer" } } ] } { createdAt: { gte: "2024-01-01T00:00:00Z" } } ] })'
    " { edges { node { id } } } }",
    "{ companies(orderBy: [ { employees: DESC } { name: ASC } ]) { edges { node { id name employees } } } }",
    "query ($cursor: String) { people(first: 10, after: $cursor) { edges { node { id } cursor }"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    "{ opportunitiesAggregate { count sum { amount } avg { amount } min { amount } max { amount } } }",
    'mutation { createPerson(data: { firstName: "John" lastName: "Doe" email: "john@example.com"'
    f' company: {{ connect: "{ID}" }} }}) {{ id createdAt }} }}',
    'mutation { createPeople(data: [ { firstName: "John" email: "a@example.com" }, { email: "b@example.com" } ])'
    " { id email } }",
    f'mutation {{ updatePerson(id: "{ID}" data: {{ jobTitle: "Senior" phone: "+1-555-0100" }}) {{ id updatedAt }} }}',
    f'mutation {{ updatePeople(filter: {{ company: {{ id: {{ eq: "{ID}" }} }} }} data: {{ jobTitle: "Member" }})'
    " { id jobTitle } }",
    "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }",
    "query ($id: UUID!) { person(id: $id) { id firstName } }",
    f'mutation {{ deletePerson(id: "{ID}") {{ id }} }}',
    f'mutation {{ restorePerson(id: "{ID}") {{ id }} destroyPeople(filter: {{ id: {{ is: NOT_NULL }} }}) {{ id }} }}',
]

MORE_RIGHT = [
    "query ($f: PersonFilterInput, $o: [PersonOrderByInput], $p: [PersonOrderByInput!]) {"
    " a: people(filter: $f, orderBy: $o) { totalCount } b: people(orderBy: $p) { totalCount } }",
    "{ people(filter: { company: { is: NULL } not: { companyId: { in: [] } } }) { totalCount } }",
    "{ people(orderBy: { company: { createdBy: { name: DescNullsLast } } }) { totalCount } }",
    "{ opportunities(filter: { stage: { in: [NEW, MEETING] gt: NEW } }) { edges { node { stage } } } }",
    'mutation { createPerson(data: { company: { connect: { where: { name: "Acme" } } } }) { id } }',
    "mutation ($name: String) { createPerson(data: { company: { connect: { where: { name: $name } } } }) { id } }",
    "mutation ($id: UUID) { createPerson(data: { companyId: $id, company: { disconnect: true } }) { id } }",
    '{ __schema { types { name } } __type(name: "Person") { name } __typename }',
    "fragment F on Person { id company { ...G } } fragment G on Company { people { edges { node { id } } } }"
    " { people { edges { node { ...F } } } }",
    "{ people(filter: { createdBy: { context: { contains: { a: [1, 2.50, $v] } } } }) { totalCount } }".replace(
        "{ people", "query ($v: JSON) { people", 1
    ),
]

WRONG = [
    "{ nothing }",
    "{ people { nothing } }",
    "{ people { edges { node { nothing company { nothing } } } } }",
    "{ people(nothing: 1) { totalCount } }",
    "{ people(filter: { nothing: { eq: 1 } }) { totalCount } }",
    "{ people(filter: { email: { eq: 1 gte: null between: [] } }) { totalCount } }",
    '{ people(filter: { id: { eq: "x" in: ["y", null] } }) { totalCount } }',
    "{ people(filter: { is: NULL }) { totalCount } }",
    "{ people(filter: { email: { is: MAYBE } }) { totalCount } }",
    "{ people(orderBy: { company: ASC }) { totalCount } }",
    "{ people(orderBy: { email: UP }) { totalCount } }",
    "{ opportunities(filter: { stage: { eq: NOTHING } }) { totalCount } }",
    '{ opportunities(filter: { closeDate: { eq: "2024-13-01" } createdAt: { eq: 1 } }) { totalCount } }',
    "{ person(id: 1) { id } }",
    "{ person { company } people }",
    "{ person { id { x } } }",
    "query ($x: Nothing) { people { totalCount } }",
    "query ($x: Person, $y: PersonFilterInput) { people(filter: $y, orderBy: $y) { totalCount } }",
    "query ($f: PersonFilterInput) { people(filter: { company: $f }) { totalCount } }",
    "query ($id: ID!) { person(id: $id) { id } }",
    "{ ... on Nothing { id } ... on Person { id } people { ... on Company { id } } }",
    "fragment F on PersonFilterInput { id } { people { ...F } }",
    "mutation { createPerson { id } createNobody(data: {}) { id } updatePerson(id: 1) { id } }",
    'mutation { createPerson(data: { company: { connect: "x" } }) { id } }',
    "mutation { createPerson(data: { company: { connect: { where: {} } } }) { id } }",
    "mutation { createPerson(data: { company: { connect: { id: 1 } } }) { id } }",
    'mutation { createPerson(data: { updatedAt: "2024-01-01", nothing: 1 }) { id } }',
    "mutation { deletePeople { id } updatePeople(data: {}) { id } }",
    "subscription { personCreated { id } }",
    "{ peopleAggregate { sum { email } max { email } nothing } }",
    "{ people { totalCount totalCount: edges { cursor } } }",
    "{ __type { name } __schema { nothing } }",
    f"{{ people(filter: {{ position: {{ eq: 1e99999999999999999999 }} }}) {{ totalCount }} a: people(filter: {{ createdBy:"
    f" {{ context: {{ contains: 1e99999999999999999999 }} }} }}) {{ totalCount }} }}",
]

METADATA_EXAMPLES = [
    "{ objects { edges { node { id nameSingular namePlural labelSingular labelPlural description icon isCustom"
    " isActive } } } }",
    f'{{ fields(filter: {{ objectMetadataId: {{ eq: "{ID}" }} }}) {{ edges {{ node {{ id name label type description'
    " isNullable defaultValue } } } }",
    'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "Project"'
    ' labelPlural: "Projects" description: "Customer projects" icon: "folder" }) { id nameSingular namePlural } }',
    f'mutation {{ createField(input: {{ objectMetadataId: "{ID}" name: "budget" label: "Budget" type: CURRENCY'
    ' description: "Project budget" }) { id name label type } }',
    f'mutation {{ createOneField(input: {{ field: {{ objectMetadataId: "{ID}" name: "a" label: "A" type: RELATION'
    f' relationCreationPayload: {{ targetObjectMetadataId: "{ID}" targetFieldLabel: "B" type: MANY_TO_ONE }} }} }})'
    " { id relation { type targetObject { nameSingular } targetField { name } } } }",
    "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id fields { totalCount } } }",
    'mutation { createApiKey(input: { name: "x" expiresAt: "2030-01-01" }) { id token name expiresAt createdAt }'
    f' revokeApiKey(id: "{ID}") {{ id revokedAt }} }}',
]

METADATA_WRONG = [
    "mutation { createObject(input: { nameSingular: 1 }) { id } deleteObjects { id } updateField(id: 1) { id } }",
    f'mutation {{ createField(input: {{ objectMetadataId: "{ID}" name: "a" label: "A" type: NOTHING nothing: 1 }}) {{ id }} }}',
    "mutation ($x: FieldInput, $y: CurrencyValueInput, $z: ConnectTarget) { createObject(input: $x) { id } }",
    "{ objects { edges { node { token } } } apiKeys { edges { node { token } } } }",
]


@pytest.fixture(scope="module")
def standard() -> Snapshot:
    """The standard objects."""
    return standard_snapshot()


def errors(schema: GraphQLSchema, document: str) -> list[dict[str, object]]:
    return [dict(error.formatted) for error in validate(schema, parse(document), hide_suggestions=True)]


@pytest.mark.parametrize("document", [*CORE_EXAMPLES, *MORE_RIGHT])
def test_right_documents_pass(standard: Snapshot, document: str) -> None:
    assert errors(lazy_schema(standard), document) == []


@pytest.mark.parametrize("document", WRONG)
def test_wrong_documents_are_refused_in_the_eager_schemas_words(standard: Snapshot, document: str) -> None:
    expected = errors(eager_schema(standard), document)
    assert expected
    assert errors(lazy_schema(standard), document) == expected


@pytest.mark.parametrize("document", WRONG)
def test_suggestions_do_not_depend_on_what_is_built(standard: Snapshot, document: str) -> None:
    lazy, eager = lazy_schema(standard), eager_schema(standard)
    found = [[dict(error.formatted) for error in validate(schema, parse(document))] for schema in (lazy, eager)]
    assert found[0] == found[1]


def test_errors_do_not_depend_on_what_was_asked_before(standard: Snapshot) -> None:
    corpus = [*WRONG, *CORE_EXAMPLES, *MORE_RIGHT]
    expected = {document: errors(lazy_schema(standard), document) for document in corpus}
    for order in (corpus, corpus[::-1], sorted(corpus)):
        schema = lazy_schema(standard)
        assert {document: errors(schema, document) for document in order} == expected
    for few in permutations(WRONG[:4]):
        schema = lazy_schema(standard)
        assert [errors(schema, document) for document in few] == [expected[document] for document in few]


def test_a_schema_of_another_snapshot_says_the_same(standard: Snapshot) -> None:
    first, second = lazy_schema(standard), lazy_schema(standard)
    for document in (*CORE_EXAMPLES, *MORE_RIGHT):
        assert errors(first, document) == errors(second, document) == []


@pytest.mark.parametrize("document", METADATA_EXAMPLES)
def test_metadata_documents_pass(document: str) -> None:
    assert errors(lazy_schema(metadata_snapshot(), METADATA_MUTATIONS), document) == []


@pytest.mark.parametrize("document", METADATA_WRONG)
def test_wrong_metadata_documents_are_refused(document: str) -> None:
    expected = errors(eager_schema(metadata_snapshot(), METADATA_MUTATIONS), document)
    assert expected
    assert errors(lazy_schema(metadata_snapshot(), METADATA_MUTATIONS), document) == expected
