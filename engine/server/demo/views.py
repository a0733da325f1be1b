"""The saved views of the sample data, shared by all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import psycopg

from fieldstone.engine.metadata_api.views.content import read_content
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.metadata.saved_views.saved_view import SavedView, ViewContent, ViewKind
from fieldstone.metadata.saved_views.store import insert_view

_OWNER: Final = UUID("6d0a3f3e-3f0c-5c3b-9d38-2f1a9a4c7f10")
_OWNER_NAME: Final = "sample data"

SAMPLE_VIEWS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "object": "company",
        "name": "Largest companies",
        "columns": [
            {"field": "name", "width": 220},
            {"field": "employees", "width": 110},
            {"field": "annualRevenue"},
            {"field": "website"},
            {"field": "people"},
        ],
        "filter": {"employees": {"gte": 100}},
        "orderBy": [{"employees": "DescNullsLast"}, {"name": "ASC"}],
    },
    {
        "object": "person",
        "name": "People by company",
        "columns": [
            {"field": "firstName", "width": 140},
            {"field": "lastName", "width": 160},
            {"field": "company", "width": 200},
            {"field": "jobTitle"},
            {"field": "email", "width": 240},
        ],
        "filter": {"company": {"is": "NOT_NULL"}},
        "orderBy": [{"company": {"name": "ASC"}}, {"lastName": "ASC"}],
    },
    {
        "object": "opportunity",
        "name": "Pipeline",
        "kind": "KANBAN",
        "boardField": "stage",
        "columns": [{"field": "name"}, {"field": "company"}, {"field": "amount"}, {"field": "closeDate"}],
        "orderBy": [{"amount": "DescNullsLast"}],
    },
    {
        "object": "activity",
        "name": "Open tasks",
        "columns": [
            {"field": "title", "width": 260},
            {"field": "dueAt"},
            {"field": "person"},
            {"field": "company"},
            {"field": "body", "visible": False},
        ],
        "filter": {"type": {"eq": "TASK"}, "completedAt": {"is": "NULL"}},
        "orderBy": [{"dueAt": "AscNullsLast"}],
    },
)
"""The views of the standard objects."""

DEMO_VIEWS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "object": "campaign",
        "name": "Campaigns by status",
        "kind": "KANBAN",
        "boardField": "status",
        "columns": [{"field": "name"}, {"field": "lead"}, {"field": "budget"}, {"field": "startsOn"}],
        "orderBy": [{"startsOn": "AscNullsLast"}],
    },
    {
        "object": "reminder",
        "name": "To do",
        "columns": [
            {"field": "title", "width": 220},
            {"field": "dueOn"},
            {"field": "aboutCompany"},
            {"field": "aboutPerson"},
            {"field": "aboutOpportunity"},
        ],
        "filter": {"isDone": {"eq": False}},
        "orderBy": [{"dueOn": "AscNullsLast"}],
    },
)
"""The views of the demo's own objects."""


async def insert_sample_views(
    connection: psycopg.AsyncConnection, snapshot: Snapshot, views: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the views into a workspace whose objects the sample data fills, in a transaction.

    Raises:
        InvalidChange: the workspace has lost a field that a view names.
    """
    owner = Principal(
        subject_id=_OWNER, name=_OWNER_NAME, rate_key=_OWNER, workspace_id=snapshot.workspace.id, role=ADMIN
    )
    for view in _build_views(snapshot, views):
        await insert_view(connection, owner, view)


def _build_views(snapshot: Snapshot, views: Sequence[Mapping[str, Any]]) -> Iterator[SavedView]:
    for given in views:
        object_ = snapshot.by_singular[given["object"]]
        empty = SavedView(
            id=new_id(),
            object_id=object_.id,
            kind=ViewKind(given.get("kind", ViewKind.TABLE.value)),
            name=given["name"],
            content=ViewContent(names={}),
            is_shared=True,
            owner_id=_OWNER,
            owner_name=_OWNER_NAME,
            created_at="",
            updated_at="",
        )
        yield replace(empty, content=read_content(snapshot, object_, empty, given))
