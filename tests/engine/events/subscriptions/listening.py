"""Subscriptions to new people, and the ids of the records that are changed while they last."""

from tests.engine.events.desk import Desk, Listener

CREATED = "subscription ($filter: PersonFilterInput, $after: String) { personCreated(filter: $filter, after: $after) { email } }"  # noqa: E501 - one operation, one line


def emails(listener: Listener) -> list[str]:
    return [result["email"] for result in listener.results]


async def object_id(desk: Desk, name: str) -> str:
    page = await desk.data("{ objects { edges { node { id nameSingular } } } }", api=desk.metadata)
    return str(next(edge["node"]["id"] for edge in page["objects"]["edges"] if edge["node"]["nameSingular"] == name))


async def field_id(desk: Desk, name: str) -> str:
    page = await desk.data("{ fields(first: 200) { edges { node { id name } } } }", api=desk.metadata)
    return str(next(edge["node"]["id"] for edge in page["fields"]["edges"] if edge["node"]["name"] == name))
