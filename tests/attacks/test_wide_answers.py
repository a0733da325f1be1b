"""PostgreSQL builds answers within bounds: their memory is linear in their length, and it stops at the limit."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes.conftest import data_dir, made_data_dir, new_data_dir
from tests.processes.serving import serving

pytestmark = pytest.mark.long

__all__ = ["data_dir", "made_data_dir", "new_data_dir"]

PEOPLE = 200
PARTS = 250
MIB = 1024
DOCUMENTED = 700
"""MiB that the documentation of the limits gives to a statement."""
FIELDS = "id email firstName lastName jobTitle city createdAt updatedAt"


def peak_of_backends(folder: Path) -> int:
    """The most memory that a backend of the cluster has ever had, in MiB."""
    postmaster = next(folder.glob("**/postmaster.pid")).read_text(encoding="ascii").split()[0]
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
    status = [Path(f"/proc/{child}/status").read_text(encoding="ascii") for child in children]
    return max(int(text.partition("VmHWM:")[2].split()[0]) // MIB for text in status)


def test_memory_is_linear_in_the_parts_of_an_answer(data_dir: Path) -> None:
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:

        def ask(query: str, **variables: object) -> bytes:
            answer = client.post("/graphql", json={"query": query, "variables": variables})
            assert "errors" not in answer.json(), answer.text[:300]
            return answer.content

        company = ask('mutation { createCompany(data: {name: "Crowd"}) { id } }').decode().split('"id":"')[1][:36]
        crowd = [
            {"email": f"{n}@example.com", "jobTitle": "Engineer of things", "companyId": company} for n in range(PEOPLE)
        ]
        ask("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=crowd)
        parts = " ".join(f"a{n}: people(first: {PEOPLE}) {{ ...F }}" for n in range(PARTS))
        fragment = f"fragment F on PersonConnection {{ edges {{ node {{ {FIELDS} }} }} }}"
        lengths = [
            len(ask(f"{{ {parts} }} {fragment}")),
            len(ask(f'{{ company(id: "{company}") {{ {parts} }} }} {fragment}')),
        ]
        assert min(lengths) > 10 * MIB * MIB
        # Joined one after the other, the parts took 125 times the answer.
        assert peak_of_backends(data_dir) < 30 * max(lengths) / MIB / MIB


def test_the_statement_stops_at_the_limit_of_an_answer(data_dir: Path) -> None:
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:

        def ask(query: str, **variables: object) -> Any:
            return client.post("/graphql", json={"query": query, "variables": variables}).json()

        company = ask('mutation { createCompany(data: {name: "Crowd"}) { id } }')["data"]["createCompany"]["id"]
        crowd = [{"email": f"{n}@example.com", "companyId": company} for n in range(PEOPLE)]
        ask("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=crowd)

        def people(page: int, below: str) -> str:
            return f"people(first: {page}) {{ edges {{ node {{ {below} }} }} }}"

        # As dear as is allowed: 200 + 200 x 200 + 200 x 200 x 11 records, and a text of 3 GB.
        fields = " ".join(f"a{n}: createdAt" for n in range(200))
        dear = people(200, f"company {{ {people(200, f'company {{ {people(11, fields)} }}')} }}")
        (error,) = ask(f"{{ {dear} }}")["errors"]
        assert error["message"] == "The answer is too large: the answer has more than 67108864 bytes."
        # Built to its end, or to the longest text that PostgreSQL can hold, it took 1.4 GiB.
        assert peak_of_backends(data_dir) < 400


def test_the_widest_operations_stay_within_the_documented_memory(data_dir: Path) -> None:
    """Texts of 700 bytes in pages side by side: the dearest answers, in memory, that the limits let through."""
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:

        def ask(query: str, **variables: object) -> httpx.Response:
            return client.post("/graphql", json={"query": query, "variables": variables}, timeout=60)

        crowd = [{"email": f"{n}@example.com", "jobTitle": "x" * 700} for n in range(PEOPLE)]
        ask("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=crowd)

        def pages(number: int, fields: int) -> str:
            texts = " ".join(f"b{n}: jobTitle" for n in range(fields))
            parts = " ".join(f"a{n}: people(first: {PEOPLE}) {{ ...F }}" for n in range(number))
            return f"{{ {parts} }} fragment F on PersonConnection {{ edges {{ node {{ {texts} }} }} }}"

        # One after the other, the texts of such a record were copied by the square of their number, past the timeout.
        assert len(ask(pages(1, 420)).content) > 55 * MIB * MIB
        assert len(ask(pages(16, 27)).content) > 55 * MIB * MIB
        assert len(ask(pages(200, 1)).content) > 25 * MIB * MIB
        # The last took 846 MiB for 56.
        (error,) = ask(pages(400, 1)).json()["errors"]
        assert error["message"] == "The answer is too large: the answer has more than 33554432 bytes."
        assert peak_of_backends(data_dir) < DOCUMENTED
