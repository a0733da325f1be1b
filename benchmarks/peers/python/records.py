"""The tables as SQLAlchemy maps them, and the queries that both Python peers ask."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import URL, ForeignKey, MetaData, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

_POOL = int(os.environ["BENCH_POOL"])

engine = create_async_engine(
    URL.create(
        "postgresql+psycopg",
        username=os.environ["BENCH_USER"],
        database=os.environ["BENCH_DATABASE"],
        query={"host": os.environ["BENCH_SOCKET"], "options": "-c TimeZone=UTC -c jit=off"},
    ),
    pool_size=_POOL,
    max_overflow=0,
    pool_reset_on_return=None,
    isolation_level="AUTOCOMMIT",
    connect_args={"prepare_threshold": 0},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    metadata = MetaData(schema=os.environ["BENCH_SCHEMA"])


class Company(Base):
    __tablename__ = "company"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    website: Mapped[str | None]
    deleted_at: Mapped[datetime | None] = mapped_column("deletedAt", deferred=True)


class Person(Base):
    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column("createdAt")
    deleted_at: Mapped[datetime | None] = mapped_column("deletedAt", deferred=True)
    first_name: Mapped[str | None] = mapped_column("firstName")
    last_name: Mapped[str | None] = mapped_column("lastName")
    email: Mapped[str]
    phone: Mapped[str | None]
    job_title: Mapped[str | None] = mapped_column("jobTitle")
    company_id: Mapped[UUID | None] = mapped_column("companyId", ForeignKey(Company.id))


class Activity(Base):
    __tablename__ = "activity"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column("createdAt")
    deleted_at: Mapped[datetime | None] = mapped_column("deletedAt", deferred=True)
    title: Mapped[str | None]
    type: Mapped[str | None]
    completed_at: Mapped[datetime | None] = mapped_column("completedAt")
    person_id: Mapped[UUID | None] = mapped_column("personId", ForeignKey(Person.id))


class Opportunity(Base):
    __tablename__ = "opportunity"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column("createdAt")
    deleted_at: Mapped[datetime | None] = mapped_column("deletedAt", deferred=True)
    amount: Mapped[Decimal | None]
    stage: Mapped[str | None]
    person_id: Mapped[UUID | None] = mapped_column("personId", ForeignKey(Person.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleQuery:
    """A page of people: `contains` is a part of the address, `after` a cursor."""

    contains: str | None = None
    since: datetime | None = None
    descending: bool = False
    after: str | None = None
    first: int = 60


async def find_person(id_: UUID) -> Person | None:
    async with sessions() as session:
        return (
            await session.scalars(select(Person).where(Person.id == id_, Person.deleted_at.is_(None)))
        ).one_or_none()


async def find_people(query: PeopleQuery) -> tuple[Sequence[Person], bool]:
    """Return the page, and whether there is another."""
    statement = select(Person).where(Person.deleted_at.is_(None)).limit(query.first + 1)
    if query.contains is not None:
        statement = statement.where(Person.email.icontains(query.contains, autoescape=True))
    if query.since is not None:
        statement = statement.where(Person.created_at >= query.since)
    if query.after is not None:
        moment, _, id_ = query.after.partition("|")
        edge = tuple_(datetime.fromisoformat(moment), UUID(id_))
        key = tuple_(Person.created_at, Person.id)
        statement = statement.where(key < edge if query.descending else key > edge)
    if query.descending:
        statement = statement.order_by(Person.created_at.desc(), Person.id.desc())
    else:
        statement = statement.order_by(Person.created_at, Person.id)
    async with sessions() as session:
        found = (await session.scalars(statement)).all()
    return found[: query.first], len(found) > query.first


def cursor_of(person: Person) -> str:
    return f"{person.created_at.isoformat()}|{person.id}"


async def load_companies(ids: Sequence[UUID]) -> list[Company | None]:
    async with sessions() as session:
        found = await session.scalars(select(Company).where(Company.id.in_(ids), Company.deleted_at.is_(None)))
        by_id = {company.id: company for company in found}
    return [by_id.get(id_) for id_ in ids]


async def load_activities(keys: Sequence[tuple[UUID, int]]) -> list[list[Activity]]:
    return await _load_latest(Activity, keys)


async def load_opportunities(keys: Sequence[tuple[UUID, int]]) -> list[list[Opportunity]]:
    return await _load_latest(Opportunity, keys)


async def _load_latest(entity: Any, keys: Sequence[tuple[UUID, int]]) -> list[list[Any]]:
    """Return for each (person, limit) the latest records."""
    number = (
        func.row_number()
        .over(partition_by=entity.person_id, order_by=(entity.created_at.desc(), entity.id.desc()))
        .label("number")
    )
    people = [person for person, _ in keys]
    inner = select(entity, number).where(entity.person_id.in_(people), entity.deleted_at.is_(None)).subquery()
    latest = aliased(entity, inner)
    statement = (
        select(latest)
        .where(inner.c.number <= max(limit for _, limit in keys))
        .order_by(inner.c.personId, inner.c.number)
    )
    by_person: dict[UUID, list[Any]] = {}
    async with sessions() as session:
        for record in await session.scalars(statement):
            by_person.setdefault(record.person_id, []).append(record)
    return [by_person.get(person, [])[:limit] for person, limit in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The aggregates of the amounts of all opportunities."""

    count: int
    sum: Decimal | None
    avg: Decimal | None
    min: Decimal | None
    max: Decimal | None


async def aggregate_opportunities() -> Totals:
    amount = Opportunity.amount
    statement = select(func.count(), func.sum(amount), func.avg(amount), func.min(amount), func.max(amount))
    async with sessions() as session:
        row = (await session.execute(statement.where(Opportunity.deleted_at.is_(None)))).one()
    return Totals(count=row[0], sum=row[1], avg=row[2], min=row[3], max=row[4])


async def create_person(values: dict[str, Any]) -> Any:
    statement = insert(Person).values(id=func.gen_random_uuid(), **values).returning(Person.id, Person.created_at)
    async with sessions() as session:
        return (await session.execute(statement)).one()
