"""A workspace in which a role may read some people and change others."""

from dataclasses import dataclass
from typing import Any

from tests.apis import Apis
from tests.engine.records import create, take_events
from tests.views import RoleClient, granted, view

BERLIN = {"city": {"eq": "$principal.city"}}
"""The rule of a principal that works in a city."""
NOT_ROME = {"city": {"neq": "Rome"}}
ALL: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A workspace with a company and three people: one in the role's city, one that may be read, and one in Rome."""

    apis: Apis
    company: str
    own: str
    read: str
    hidden: str

    async def rep(self, **rights: dict[str, Any]) -> RoleClient:
        """A client of the role with these rights by nameSingular; nothing else is restricted."""
        snapshot = await self.apis.snapshot()
        found = {
            snapshot.by_singular[name].id: granted(snapshot, snapshot.by_singular[name], **actions)
            for name, actions in rights.items()
        }
        return RoleClient(database=self.apis.database, seen=view(snapshot, found), claims={"city": "Berlin"})

    async def people(self) -> dict[str, Any]:
        """The people by id."""
        answer = await self.apis.data(
            "{ people(filter: { or: [{ deletedAt: { is: NULL } } { deletedAt: { is: NOT_NULL } }] })"
            " { edges { node { id firstName city jobTitle deletedAt companyId } } } }"
        )
        return {edge["node"]["id"]: edge["node"] for edge in answer["people"]["edges"]}


async def make_world(apis: Apis) -> World:
    """A workspace with these records."""
    company = await create(apis, "company", name="Acme")
    people = [
        await create(apis, "person", firstName=name, email=f"{name}@x.org", city=city, companyId=company)
        for name, city in [("Own", "Berlin"), ("Read", "Paris"), ("Hidden", "Rome")]
    ]
    await take_events(apis)
    return World(apis=apis, company=company, own=people[0], read=people[1], hidden=people[2])
