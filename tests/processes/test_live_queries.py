"""Live queries end to end, with real clients from npm."""

from pathlib import Path

import pytest

from tests.processes.event_clients import CLIENTS, CREATE, client, make_key, send, servers
from tests.waiting import eventually

pytestmark = pytest.mark.long

LIVE = "subscription { people(orderBy: { email: ASC }, interval: 100) { edges { node { email } } } }"


@pytest.mark.parametrize(("script", "scheme", "path"), CLIENTS.values(), ids=CLIENTS)
def test_a_client_has_the_present_answer_also_after_it_has_reconnected(
    clients: Path, workspace_dsn: str, script: str, scheme: str, path: str
) -> None:
    with servers(workspace_dsn, 1) as (server,):
        key = make_key(workspace_dsn)
        url = server.url.replace("http", scheme) + path
        with client(clients, script, url, key, LIVE) as subscriber:

            def answers() -> list[list[str]]:
                return [[edge["node"]["email"] for edge in one["people"]["edges"]] for one in subscriber.results]

            eventually(lambda: answers() == [[]], f"not answered: {subscriber.said}")
            send(server.url, key, CREATE, data=[{"email": f"{number}@example.com"} for number in range(3)])
            expected = [f"{number}@example.com" for number in range(3)]
            eventually(lambda: answers() == [[], expected], f"not answered again: {subscriber.said}")
            server.kill()
            server.start()
            eventually(lambda: answers() == [[], expected, expected], f"not answered again: {subscriber.said}")
            send(server.url, key, CREATE, data=[{"email": "9@example.com"}])
            eventually(lambda: answers()[3:] == [[*expected, "9@example.com"]], f"too late: {subscriber.said}")
