"""All attacks of one client without a key and one workspace at once, while another workspace goes on as in peace."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.attacks.attackers import SUBSCRIPTIONS
from tests.attacks.raw import Target
from tests.attacks.subscribers import Socket, Tenant, opened, tenant, until_subscribed
from tests.processes.serving import Served, serving

SECONDS = 8
CROWD = 400
READ = "{ people(first: 20) { edges { node { id email company { name } } } } }"
MEMORY = 400
"""MiB that the server may have in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The waits of a workspace's reads and events, in seconds."""

    reads: list[float]
    events: list[float]

    @property
    def p99(self) -> float:
        """The wait that one of a hundred reads exceeds."""
        return statistics.quantiles(self.reads, n=100)[98]


async def measure(victim: Tenant, hearing: Socket, seconds: float) -> Waits:
    """Read, and create people whose events are waited for, for so many seconds."""
    waits, end = Waits(reads=[], events=[]), time.monotonic() + seconds
    heard = hearing.results["v"]
    while time.monotonic() < end or len(waits.reads) < 200:
        for _ in range(25):
            begun = time.monotonic()
            await victim.data(READ)
            waits.reads.append(time.monotonic() - begun)
        begun, expected = time.monotonic(), len(heard) + 1
        await victim.create(f"{time.monotonic_ns()}@example.com")
        async with asyncio.timeout(10):
            while len(heard) < expected:
                await asyncio.sleep(0.001)
        waits.events.append(time.monotonic() - begun)
    return waits


async def crowd(attacker: Tenant) -> str:
    """Make a company of many people; return the id of one of them."""
    company = (await attacker.data('mutation { createCompany(data: { name: "Crowd" }) { id } }'))["createCompany"]["id"]
    people = [{"email": f"{number}@example.com", "companyId": company} for number in range(CROWD)]
    text = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
    return str((await attacker.data(text, data=people))["createPeople"][0]["id"])


@contextlib.contextmanager
def attacking(served: Served, key: str, person: str) -> Iterator[None]:
    """Run the attacks for the length of the block; none of them may have met what it does not expect."""
    arguments = [sys.executable, "-m", "tests.attacks.attackers", served.url, key, person, "120"]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        yield
        assert process.poll() is None, process.communicate()[1]
    finally:
        process.kill()
        process.communicate()


async def test_one_workspace_goes_on_while_another_and_strangers_attack(dsn: str) -> None:
    """The attackers have no more than their shares, so the server needs neither a restart nor much memory."""
    with serving(DATABASE_URL=dsn) as served:
        async with (
            tenant(served, dsn, "attacker") as attacker,
            tenant(served, dsn, "victim") as victim,
            opened(served, victim.key) as hearing,
        ):
            await hearing.subscribe("v", "subscription { personCreated { email } }")
            id_ = await crowd(attacker)
            quiet = await measure(victim, hearing, 1)
            with attacking(served, attacker.key, id_):
                await until_subscribed(served, lambda: 1 + SUBSCRIPTIONS)
                attacked = await measure(victim, hearing, SECONDS)
                memory = Target(served).memory()
            after = await measure(victim, hearing, 1)
    # Without the limits one of the attacks alone makes a read wait for 3 to 16 s, and an event for 8 s and more.
    assert attacked.p99 < max(3 * quiet.p99, 0.5)
    assert max(attacked.events) < 1
    assert memory < MEMORY
    assert after.p99 < max(3 * quiet.p99, 0.25)
