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
COMPANY, OWN, READ, HIDDEN = (f"0191d2a4-7c1e-7b0a-9d2e-00000000000{number}" for number in range(4))
"""The ids of the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A workspace with a company and three people: one in the role's city, one that may be read, and one in Rome."""

    apis: Apis
    company: str = COMPANY
    own: str = OWN
    read: str = READ
    hidden: str = HIDDEN

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


async def fill_world(apis: Apis) -> None:
    """Create these records."""
    await create(apis, "company", id=COMPANY, name="Acme")
    for id_, name, city in ((OWN, "Own", "Berlin"), (READ, "Read", "Paris"), (HIDDEN, "Hidden", "Rome")):
        await create(apis, "person", id=id_, firstName=name, email=f"{name}@x.org", city=city, companyId=COMPANY)
    await take_events(apis)
