"""Columns that an object does not have: the refusal names its own columns, relations and keys."""

import httpx
import pytest

from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import add_field, key_of_role
from tests.engine.rest.import_jobs.jobs import new_job
from tests.engine.server.conftest import StartApp

pytestmark = pytest.mark.long

BEGINNING = "columns are named as in an export, or by 'mapping'"
COMPANY = "; a record to connect to is named by its id ('companyId')"


async def refusal(client: httpx.AsyncClient, plural: str, title: str, **options: object) -> str:
    answer = await ask(client, "POST", f"{plural}.csv", 400, content=f"{title}\n1\n", **options)
    message: str = answer["messages"][0]
    return message


@pytest.mark.parametrize(
    ("plural", "title", "hint"),
    [
        ("people", "Email", f"{COMPANY}. Did you mean 'email'?"),
        ("people", "E-Mail", f"{COMPANY}. Did you mean 'email'?"),
        ("people", "First Name", f"{COMPANY}. Did you mean 'firstName'?"),
        ("people", "Job titel", f"{COMPANY}. Did you mean 'jobTitle'?"),
        ("people", "Company", f"{COMPANY}. Did you mean 'companyId'?"),
        ("people", "zzz", f"{COMPANY}."),
        ("companies", "zzz", "."),
        ("activities", "zzz", f"{COMPANY.replace('company', 'person')} or by a unique field ('person.email')."),
        ("activities", "company.x", f"{COMPANY}. Did you mean 'companyId'?"),
    ],
)  # fmt: skip
async def test_the_columns_that_are_meant(client: httpx.AsyncClient, plural: str, title: str, hint: str) -> None:
    assert await refusal(client, plural, title) == f"'{title}' is no column of {plural.title()}: {BEGINNING}{hint}"


async def test_labels_and_keys(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "code", "TEXT", isUnique=True)
    await add_field(client, "person", "worth", "CURRENCY", label="Kaufkraft")
    assert (await refusal(client, "people", "company.name")).endswith(
        f"{COMPANY} or by a unique field ('company.code'). Did you mean 'companyId' or 'company.code'?"
    )
    assert (await refusal(client, "people", "Company - Code")).endswith("Did you mean 'company.code'?")
    assert (await refusal(client, "people", "kaufkraft amountmicros")).endswith("Did you mean 'worth.amountMicros'?")


async def test_a_role_is_shown_its_own_columns_alone(client: httpx.AsyncClient) -> None:
    grants = [{"object": "person", "create": {"fields": {"only": ["email"]}}, "read": {"fields": {"only": ["email"]}}}]
    headers = await key_of_role(client, grants=grants)
    for title, hint in [("City", "."), ("Company", "."), ("Email", ". Did you mean 'email'?")]:
        shown = await refusal(client, "people", title, headers=headers)
        assert shown == f"'{title}' is no column of People: {BEGINNING}{hint}"


async def test_no_name_is_suggested_without_introspection(start_app: StartApp) -> None:
    async with start_app(introspection=False) as (_, client):
        answer = await ask(client, "POST", "people.csv", 400, content="Email\na@x\n")
        assert "Did you mean" not in answer["messages"][0]
        job = await new_job(client, "Email\na@x\n")
        refused = await ask(client, "POST", f"imports/{job['id']}/run", 400)
        assert "is no column of People" in refused["messages"][0]
        assert "Did you mean" not in refused["messages"][0]
