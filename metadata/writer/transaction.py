"""A model being changed: each change is applied to the snapshot, the tables and the catalog's rows alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.audit import COMMAND, AuditAction, AuditEntry, Author, audit_parameters
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.round_trip import QueryStep, send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import corrections
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.history.record import record_change
from fieldstone.metadata.changes.locks import locked_tables
from fieldstone.metadata.changes.plan import Bounds, ChangePlan, Draft, draft_change, plan_change
from fieldstone.metadata.errors import ChangeFailed, InvalidChange, MetadataError
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.metadata.model.shared_parts import find_differing, find_moved
from fieldstone.metadata.snapshot import carry_look_ups
from fieldstone.metadata.sql_views.renewal import ViewRenewal
from fieldstone.metadata.writer.record_checks import check_row_work, do_row_work, require_no_rows
from fieldstone.metadata.writer.role_holders import require_unheld
from fieldstone.metadata.writer.table_sizes import NO_TABLE, read_sizes
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.errors import (
    DatabaseUnavailable,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    Serialization,
    StatementTimeout,
    UniqueViolation,
)
from fieldstone.sql.sqlstate import translate_error

PASSING: Final = (LockTimeout, Serialization, StatementTimeout, DatabaseUnavailable)
"""Errors that are no fault of a change: it may succeed when it is tried again."""

_TOLD_EACH = 1.0
"""Seconds of work without a question after which PostgreSQL is told that a transaction goes on."""

CheckModel = Callable[[Snapshot, Snapshot], None]
"""Raises InvalidChange for a change of a model, which it is called with as it was and as it is to be."""

RequireNodes = Callable[[], Awaitable[None]]
"""Raises DatabaseUnavailable where a node of the cluster does not answer."""


async def all_answer() -> None:
    """Return: the nodes of the cluster are not looked at."""


class ModelTransaction:
    """A transaction of changes: they are committed together, or not at all.

    Attributes:
        committed: called once the transaction has been committed.
        connection: the session that writes the changes; its reads see them.
        snapshot: the model as changed so far; its version is that of the model before until `commit`.
        bounds: the bounds that the plans of its changes keep to.
        locked: the names, quoted, of the tables and views that its changes lock.
        is_committing: whether its COMMIT has been sent, so that it may have been kept.
        author: the author of its changes for the audit log; None: the command that commits it.
        views: the views of SQL roles that it renews.

    Args:
        postponed: called after the commit where the builder has work to do.
        check: called with the models before and after each change; it raises the refusals that the changes themselves
            cannot know.
        require_nodes: called before the tables of a distributed workspace are changed: a statement that a hung node
            keeps cannot be taken back, and would keep the tables locked.
        views: the renewal of the views of the workspace's SQL roles.
    """

    def __init__(
        self,
        connection: Session,
        snapshot: Snapshot,
        bounds: Bounds,
        *,
        postponed: Callable[[], None] = lambda: None,
        check: CheckModel = lambda _before, _after: None,
        require_nodes: RequireNodes = all_answer,
        views: ViewRenewal | None = None,
    ) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self._before = snapshot
        self.bounds = bounds
        self.locked: set[str] = set()
        self.is_committing = False
        self.author: Author | None = None
        self._postponed = postponed
        self._check = check
        self._require_nodes = require_nodes
        self.views = views or ViewRenewal()
        self._waiting: list[QueryStep | Composed] = []
        self._history: list[JsonValue] = []
        self._told_at = time.monotonic()
        self.committed: Signal[[]] = Signal()

    async def apply(self, change: Change) -> Snapshot:
        """Apply a change and write it; return the model after it.

        Raises:
            InvalidChange: it breaks a rule.
            UnknownObject: its subject is not there.
            ChangeFailed: PostgreSQL refused it.
        """
        draft = self.draft(self.snapshot, change)
        if draft is None:
            return self.snapshot
        await self.write_tables()
        try:
            plan = await self.plan(draft)
            for required in plan.required:
                await require_no_rows(self.connection, required)
            for role in plan.difference.removed_roles:
                await require_unheld(self.connection, plan.before, role)
            for work in plan.draft.asked.work:
                if plan.is_deferred(work):
                    # It is done after the commit, when a refusal would reach no client.
                    await check_row_work(self.connection, work, largest_rewrite=self.bounds.largest_rewrite)
            await send_as_one(self.connection, _catalog_steps(plan))
            self._waiting += self.views.drop_changed(plan.before, plan.applied.snapshot)
            self.locked |= self.views.dropped
            if plan.statements:
                if self.snapshot.workspace.is_distributed:
                    await self._require_nodes()
                self._wait_with(plan)
            # Its locks are held up to the commit: it comes as late as can be.
            for work in plan.applied.work:
                await do_row_work(self.connection, work, largest_rewrite=self.bounds.largest_rewrite)
        except psycopg.Error as error:
            raise _refusal(error) from error
        if plan.leaves_work:
            self.committed.connect(self._postponed)
        self.snapshot = plan.applied.snapshot
        self._history.append(record_change(plan))
        return self.snapshot

    async def apply_all(self, changes: Iterable[Change]) -> None:
        """Apply changes in order; a refusal has the place of its change in the list.

        Raises:
            MetadataError: as `apply` does.
        """
        for place, change in enumerate(changes):
            try:
                await self.apply(change)
            except MetadataError as error:
                error.change = place
                raise

    def draft(self, before: Snapshot, change: Change) -> Draft | None:
        """Return a change applied to a model; None if it changes nothing.

        Raises:
            InvalidChange: it breaks a rule.
            UnknownObject: its subject is not there.
        """
        draft = draft_change(before, change)
        if draft is not None:
            self._check(before, draft.asked.snapshot)
        return draft

    async def plan(self, draft: Draft) -> ChangePlan:
        """Return the plan of a change, made with the sizes of its tables as they are now.

        Raises:
            InvalidChange: a table is too large for it, or has no room for more columns, or the server cannot do it.
        """
        objects = [draft.asked.snapshot.objects[id_] for id_ in draft.weighed | draft.added.keys()]
        there = [one for one in objects if one.id in self.snapshot.objects]
        # A table's bytes are asked for behind its lock: no other's are.
        found = await read_sizes(self.connection, there, draft.weighed)
        sizes = {one.id: found.get(one.id, NO_TABLE) for one in objects}
        return plan_change(draft, sizes, self.bounds)

    async def give_way(self) -> None:
        """Let the other work of the process go on between changes that may ask PostgreSQL nothing, thousands in a row.

        PostgreSQL, which ends a transaction that is idle for long, is told meanwhile that this one goes on.
        """
        await asyncio.sleep(0)
        if time.monotonic() - self._told_at > _TOLD_EACH:
            await self.connection.execute(QUERIES["go_on"])
            self._told_at = time.monotonic()

    def _wait_with(self, plan: ChangePlan) -> None:
        """Keep the statements of a plan until the commit or the next change."""
        tables = locked_tables(plan)
        self.locked |= set(tables)
        # Builds of ours on these tables give way at once; they are begun again after the commit.
        self._waiting.append(("interrupt_builds", {"tables": tables}))
        needs_one_lock = len(tables) == 1 and not (plan.difference.new_indexes or plan.difference.new_relations)
        if needs_one_lock and not self.snapshot.workspace.is_distributed:
            # All statements need the lock that keeps all others out.
            self._waiting.append(("lock_when_free", {"table": tables[0]}))
        self._waiting += plan.statements

    async def make_and_undo(self, changes: Iterable[Change]) -> None:
        """Apply changes and undo them.

        Raises:
            MetadataError: as `apply` does.
        """
        trial = ModelTransaction(
            self.connection, self.snapshot, self.bounds, require_nodes=self._require_nodes, views=self.views.copy()
        )
        trial.locked = self.locked
        async with self.connection.transaction(force_rollback=True):
            await trial.apply_all(changes)
            await trial.write_tables()

    @property
    def is_changed(self) -> bool:
        """True if a change was applied, and so makes a new version."""
        return bool(self._history)

    async def write_tables(self) -> None:
        """Run the statements of the last change now, which else wait for the commit or the next change.

        Raises:
            InvalidChange: it is past a limit.
            ChangeFailed: PostgreSQL refused it.
        """
        waiting, self._waiting = self._waiting, []
        await self._send(waiting)

    async def commit(self, actor: str) -> None:
        """Commit; write the next version with its history before that, if anything was changed.

        The statements that lock a table go with the commit as one message: requests that wait for the table wait for
        PostgreSQL alone, and not for this process, which is busy with them.

        Raises:
            InvalidChange: a statement is past a limit.
            ChangeFailed: PostgreSQL refused it.
        """
        steps: list[QueryStep | Composed] = []
        author = self.author or Author(kind=COMMAND, name=actor)
        if self.is_changed:
            self.snapshot = replace(self.snapshot, version=self.snapshot.version + 1)
            parameters = {"workspace_id": self.snapshot.workspace.id, "version": self.snapshot.version}
            moved = find_moved(self._before, self.snapshot)
            carry_look_ups(self._before, self.snapshot, moved)
            steps = [
                ("set_version", parameters),
                ("set_object_versions", {**parameters, "object_ids": list(moved)}),
                ("set_role_versions", {**parameters, "role_ids": _moved_roles(self._before, self.snapshot)}),
                (
                    "record_change",
                    {
                        **parameters,
                        "change": dumps(self._history),
                        "actor": actor,
                        "actor_kind": author.kind,
                        "actor_id": author.id,
                    },
                ),
            ]
            if acts := _role_acts(self._before, self.snapshot, author):
                steps.append(("note_audit", audit_parameters(acts)))
        steps += [*self._waiting, *self.views.make(self.snapshot)]
        if self.snapshot.workspace.is_distributed:
            # A node that is away shows before the commit.
            await self._send(steps)
            steps = []
        self.is_committing = True
        await self._send(steps, commit=True)

    async def _send(self, steps: Iterable[QueryStep | Composed], *, commit: bool = False) -> None:
        try:
            apart = self.snapshot.workspace.is_distributed
            await send_as_one(self.connection, steps, commit=commit, apart=apart)
        except psycopg.Error as error:
            raise _refusal(error) from error


def _role_acts(before: Snapshot, after: Snapshot, author: Author) -> list[AuditEntry]:
    acts = []
    for id_, old, new in find_differing(before.roles, after.roles):
        if new is None:
            action = AuditAction.ROLE_DELETED
        else:
            action = AuditAction.ROLE_CREATED if old is None else AuditAction.ROLE_UPDATED
        role = new or old
        acts.append(
            AuditEntry(
                workspace_id=after.workspace.id,
                action=action,
                author=author,
                subject_id=id_,
                subject_name=None if role is None else role.name,
                details={"version": after.version},
            )
        )
    return acts


def _moved_roles(before: Snapshot, after: Snapshot) -> list[UUID]:
    return [id_ for id_, _, role in find_differing(before.roles, after.roles) if role]


def _catalog_steps(plan: ChangePlan) -> Iterator[QueryStep]:
    difference = plan.difference
    yield from corrections(plan.before, plan.applied.snapshot, difference)
    statuses = {status for one in difference.fields for status in (one.before.status, one.after.status)}
    statuses |= {one.status for one in difference.removed_indexes}
    statuses |= {field.status for _, field in difference.removed_fields}
    if plan.big or difference.indexes or statuses - {Status.READY}:
        yield "set_object_status", {"object_ids": list(find_moved(plan.before, plan.applied.snapshot))}


def _refusal(error: psycopg.Error) -> Exception:
    """Return the exception for an error of PostgreSQL; one of `fieldstone.sql.errors` is no fault of the change."""
    known = translate_error(error)
    match known:
        case NotNullViolation() | UniqueViolation() if known.schema != "fieldstone":
            # A record came in after the rows were asked: tried again, they say so.
            return Serialization(known.message, sqlstate=known.sqlstate)
        case _ if isinstance(known, PASSING):
            return known
        case LimitExceeded():
            return InvalidChange(f"this is past a limit of PostgreSQL: {known.message}")
        case _:
            return ChangeFailed(f"PostgreSQL refused the change, and nothing was changed: {known.message}")
