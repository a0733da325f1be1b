"""Ariadne over SQLAlchemy: a schema, resolvers and data loaders as its documentation has them."""

# ruff: noqa: A002, ARG001 - the names of arguments are those of the schema, used or not

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import records
from aiodataloader import DataLoader
from ariadne import MutationType, ObjectType, QueryType, ScalarType, make_executable_schema
from ariadne.asgi import GraphQL
from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate

_SDL = """
scalar UUID
scalar DateTime
scalar Decimal
enum OrderByDirection { ASC DESC }
input TextFilterInput { contains: String }
input DateTimeFilterInput { gte: DateTime }
input PersonFilterInput { email: TextFilterInput, createdAt: DateTimeFilterInput }
input CreatedOrderByInput { createdAt: OrderByDirection! }
input PersonInput {
  firstName: String, lastName: String, email: String!, phone: String, jobTitle: String, companyId: UUID
}
type Company { id: UUID!, name: String, website: String }
type Activity { id: UUID!, title: String, type: String, completedAt: DateTime }
type Opportunity { id: UUID!, amount: Decimal, stage: String }
type ActivityEdge { node: Activity! }
type ActivityConnection { edges: [ActivityEdge!]! }
type OpportunityEdge { node: Opportunity! }
type OpportunityConnection { edges: [OpportunityEdge!]! }
type Person {
  id: UUID!
  firstName: String
  lastName: String
  email: String!
  phone: String
  jobTitle: String
  createdAt: DateTime!
  company: Company
  activities(first: Int!, orderBy: CreatedOrderByInput!): ActivityConnection!
  opportunities(first: Int!, orderBy: CreatedOrderByInput!): OpportunityConnection!
}
type PersonEdge { node: Person!, cursor: String! }
type PageInfo { hasNextPage: Boolean!, endCursor: String }
type PersonConnection { edges: [PersonEdge!]!, pageInfo: PageInfo! }
type AmountValue { amount: Decimal }
type OpportunityAggregate {
  count: Int!, sum: AmountValue!, avg: AmountValue!, min: AmountValue!, max: AmountValue!
}
type CreatedPerson { id: UUID!, createdAt: DateTime! }
type Query {
  person(id: UUID!): Person
  people(filter: PersonFilterInput, orderBy: CreatedOrderByInput!, first: Int = 60, after: String): PersonConnection!
  opportunitiesAggregate: OpportunityAggregate!
}
type Mutation { createPerson(data: PersonInput!): CreatedPerson! }
"""

query = QueryType()
mutation = MutationType()
person_type = ObjectType("Person")
uuid_scalar = ScalarType("UUID", serializer=str, value_parser=UUID)
moment_scalar = ScalarType("DateTime", serializer=datetime.isoformat, value_parser=datetime.fromisoformat)
decimal_scalar = ScalarType("Decimal", serializer=str)


@query.field("person")
async def resolve_person(_: Any, _info: Any, id: UUID) -> Any:
    return await records.find_person(id)


@query.field("people")
async def resolve_people(
    _: Any,
    _info: Any,
    order_by: dict[str, Any],
    filter: dict[str, Any] | None = None,
    first: int = 60,
    after: str | None = None,
) -> dict[str, Any]:
    given = filter or {}
    found, has_next = await records.find_people(
        records.PeopleQuery(
            contains=(given.get("email") or {}).get("contains"),
            since=(given.get("createdAt") or given.get("created_at") or {}).get("gte"),
            descending=(order_by.get("createdAt") or order_by.get("created_at")) == "DESC",
            after=after,
            first=first,
        )
    )
    edges = [{"node": person, "cursor": records.cursor_of(person)} for person in found]
    page = {"has_next_page": has_next, "end_cursor": edges[-1]["cursor"] if edges else None}
    return {"edges": edges, "page_info": page}


@query.field("opportunitiesAggregate")
async def resolve_aggregate(_: Any, _info: Any) -> dict[str, Any]:
    totals = await records.aggregate_opportunities()
    values = {name: {"amount": getattr(totals, name)} for name in ("sum", "avg", "min", "max")}
    return {"count": totals.count, **values}


@person_type.field("company")
async def resolve_company(person: records.Person, info: Any) -> Any:
    return None if person.company_id is None else await info.context["companies"].load(person.company_id)


@person_type.field("activities")
async def resolve_activities(person: records.Person, info: Any, first: int, order_by: Any) -> dict[str, Any]:
    return {"edges": [{"node": node} for node in await info.context["activities"].load((person.id, first))]}


@person_type.field("opportunities")
async def resolve_opportunities(person: records.Person, info: Any, first: int, order_by: Any) -> dict[str, Any]:
    return {"edges": [{"node": node} for node in await info.context["opportunities"].load((person.id, first))]}


_COLUMNS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "phone": "phone",
    "jobTitle": "job_title",
    "companyId": "company_id",
}


@mutation.field("createPerson")
async def resolve_create_person(_: Any, _info: Any, data: dict[str, Any]) -> Any:
    return await records.create_person({_COLUMNS.get(name, name): value for name, value in data.items()})


def build_context(_request: Any, _data: Any) -> dict[str, Any]:
    return {
        "companies": DataLoader(records.load_companies),
        "activities": DataLoader(records.load_activities),
        "opportunities": DataLoader(records.load_opportunities),
    }


schema = make_executable_schema(
    _SDL, query, mutation, person_type, uuid_scalar, moment_scalar, decimal_scalar, convert_names_case=True
)


@lru_cache(maxsize=100)
def parse_text(text: str) -> DocumentNode:
    return parse(text)


@lru_cache(maxsize=100)
def validate_document(document: DocumentNode) -> list[GraphQLError]:
    return validate(schema, document)


def parse_query(_context: Any, data: dict[str, Any]) -> DocumentNode:
    return parse_text(data["query"])


def validate_query(_schema: GraphQLSchema, document: DocumentNode, *_rules: Any, **_options: Any) -> list[GraphQLError]:
    return validate_document(document)


app = GraphQL(
    schema,
    context_value=build_context,
    query_parser=parse_query,
    query_validator=validate_query,
    introspection=False,
    explorer=None,
    debug=False,
)
