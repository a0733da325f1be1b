"""Strawberry over SQLAlchemy: types, resolvers and data loaders as its documentation has them."""

# ruff: noqa: A002, ARG002 - the names of arguments are those of the schema, used or not

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import records
import strawberry
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache


@strawberry.enum
class OrderByDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.input
class TextFilterInput:
    contains: str | None = None


@strawberry.input
class DateTimeFilterInput:
    gte: datetime | None = None


@strawberry.input
class PersonFilterInput:
    email: TextFilterInput | None = None
    created_at: DateTimeFilterInput | None = None


@strawberry.input
class CreatedOrderByInput:
    created_at: OrderByDirection


@strawberry.input
class PersonInput:
    first_name: str | None = None
    last_name: str | None = None
    email: str
    phone: str | None = None
    job_title: str | None = None
    company_id: UUID | None = None


@strawberry.type
class Company:
    id: UUID
    name: str | None
    website: str | None


@strawberry.type
class Activity:
    id: UUID
    title: str | None
    type: str | None
    completed_at: datetime | None


@strawberry.type
class Opportunity:
    id: UUID
    amount: Decimal | None
    stage: str | None


@strawberry.type
class ActivityEdge:
    node: Activity


@strawberry.type
class ActivityConnection:
    edges: list[ActivityEdge]


@strawberry.type
class OpportunityEdge:
    node: Opportunity


@strawberry.type
class OpportunityConnection:
    edges: list[OpportunityEdge]


@strawberry.type
class Person:
    id: UUID
    first_name: str | None
    last_name: str | None
    email: str
    phone: str | None
    job_title: str | None
    created_at: datetime

    @strawberry.field
    async def company(root: Any, info: strawberry.Info) -> Company | None:  # noqa: N805 - the record, not this type
        return None if root.company_id is None else await info.context["companies"].load(root.company_id)

    @strawberry.field
    async def activities(
        root: Any,  # noqa: N805 - likewise
        info: strawberry.Info,
        first: int,
        order_by: CreatedOrderByInput,
    ) -> ActivityConnection:
        found = await info.context["activities"].load((root.id, first))
        return ActivityConnection(edges=[ActivityEdge(node=record) for record in found])

    @strawberry.field
    async def opportunities(
        root: Any,  # noqa: N805 - likewise
        info: strawberry.Info,
        first: int,
        order_by: CreatedOrderByInput,
    ) -> OpportunityConnection:
        found = await info.context["opportunities"].load((root.id, first))
        return OpportunityConnection(edges=[OpportunityEdge(node=record) for record in found])


@strawberry.type
class PersonEdge:
    node: Person
    cursor: str


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class PersonConnection:
    edges: list[PersonEdge]
    page_info: PageInfo


@strawberry.type
class AmountValue:
    amount: Decimal | None


@strawberry.type
class OpportunityAggregate:
    count: int
    sum: AmountValue
    avg: AmountValue
    min: AmountValue
    max: AmountValue


@strawberry.type
class CreatedPerson:
    id: UUID
    created_at: datetime


@strawberry.type
class Query:
    @strawberry.field
    async def person(self, id: UUID) -> Person | None:
        return await records.find_person(id)

    @strawberry.field
    async def people(
        self,
        order_by: CreatedOrderByInput,
        filter: PersonFilterInput | None = None,
        first: int = 60,
        after: str | None = None,
    ) -> PersonConnection:
        found, has_next = await records.find_people(
            records.PeopleQuery(
                contains=filter.email.contains if filter and filter.email else None,
                since=filter.created_at.gte if filter and filter.created_at else None,
                descending=order_by.created_at is OrderByDirection.DESC,
                after=after,
                first=first,
            )
        )
        edges = [PersonEdge(node=person, cursor=records.cursor_of(person)) for person in found]
        end = edges[-1].cursor if edges else None
        return PersonConnection(edges=edges, page_info=PageInfo(has_next_page=has_next, end_cursor=end))

    @strawberry.field
    async def opportunities_aggregate(self) -> OpportunityAggregate:
        totals = await records.aggregate_opportunities()
        return OpportunityAggregate(
            count=totals.count,
            sum=AmountValue(amount=totals.sum),
            avg=AmountValue(amount=totals.avg),
            min=AmountValue(amount=totals.min),
            max=AmountValue(amount=totals.max),
        )


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_person(self, data: PersonInput) -> CreatedPerson:
        row = await records.create_person({name: value for name, value in vars(data).items() if value is not None})
        return CreatedPerson(id=row.id, created_at=row.created_at)


class Endpoint(GraphQL):
    async def get_context(self, request: Request, response: Response) -> dict[str, Any]:
        return {
            "companies": DataLoader(load_fn=records.load_companies),
            "activities": DataLoader(load_fn=records.load_activities),
            "opportunities": DataLoader(load_fn=records.load_opportunities),
        }


schema = strawberry.Schema(
    query=Query, mutation=Mutation, extensions=[ParserCache(maxsize=100), ValidationCache(maxsize=100)]
)
app = Endpoint(schema, graphql_ide=None)
