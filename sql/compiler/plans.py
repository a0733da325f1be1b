"""From plan to statement: the only entry to the compiler."""

import re
from collections.abc import Collection
from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.reads.feed import compile_feed
from fieldstone.sql.compiler.reads.select import compile_read
from fieldstone.sql.compiler.scope import StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query
from fieldstone.sql.compiler.writes.apart import (
    compile_change_apart,
    compile_changed_event,
    compile_created_event,
    compile_row,
)
from fieldstone.sql.compiler.writes.create_tree import compile_create_tree
from fieldstone.sql.compiler.writes.faults import compile_faults
from fieldstone.sql.compiler.writes.insert import compile_insert, compile_insert_one
from fieldstone.sql.compiler.writes.merging.merge import compile_merge
from fieldstone.sql.compiler.writes.merging.repoint import compile_repoint
from fieldstone.sql.compiler.writes.mutate import compile_delete, compile_update
from fieldstone.sql.compiler.writes.read_back import compile_read_back
from fieldstone.sql.compiler.writes.rights import compile_unfit
from fieldstone.sql.compiler.writes.update_rows import compile_find, compile_update_rows
from fieldstone.sql.compiler.writes.upserts.upsert import compile_upsert
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.read import EventFeed, ReadPlan
from fieldstone.sql.plan.write import NestedPlan, WritePlan
from fieldstone.sql.plan.writes.apart import ApartPlan, ChangeApart, ChangedEvent, CreatedEvent, RowApart
from fieldstone.sql.plan.writes.changes import Delete, Update, UpdateRows
from fieldstone.sql.plan.writes.inserts import CreateTree, Insert, InsertOne
from fieldstone.sql.plan.writes.look_ups import Faults, Find, ReadBack, Unfit
from fieldstone.sql.plan.writes.merge import Merge, MergePlan, Repoint
from fieldstone.sql.plan.writes.upserts import Upsert
from fieldstone.sql.statement import Statement

Plan = ReadPlan | WritePlan | NestedPlan | MergePlan | ApartPlan | ReadBack | Faults | EventFeed

_NUMBERS = re.compile(r"""'[^']*'|"[^"]*"|\$([0-9]+)""")
"""The numbers of parameters in a statement; quoted texts and names are passed over."""
_MOST_COLUMNS = 1_600
"""Columns of a SELECT; PostgreSQL takes 1,664."""


def compile_plan(plan: Plan, bound: Collection[Parameter] = ()) -> Statement:
    """Return the plan's one statement; equal plans give equal text.

    Args:
        plan: the plan.
        bound: the parameters that the statement is given, whether or not a part of it that is compiled reads them.
            Those of a feed are all in its plan.

    Raises:
        IdentifierError: a physical name cannot be one in PostgreSQL.
    """
    query = _compile_query(plan)
    if isinstance(plan, EventFeed):
        bound = [one for one in parts_of(plan) if isinstance(one, Parameter) and not one.in_set]
    return Statement(text=_name_unread(query, bound))


def _name_unread(query: Query, bound: Collection[Parameter]) -> str:
    """Return the text of a query, which names all parameters: PostgreSQL needs the type of each up to the last."""
    text = query.text()
    if not bound:
        return text
    read = set(_NUMBERS.findall(text))
    unread = [expressions.parameter(one).text for one in dict.fromkeys(bound) if str(one.slot + 1) not in read]
    for first in range(0, len(unread), _MOST_COLUMNS):
        columns = map(Expression, unread[first : first + _MOST_COLUMNS])
        query.with_(Query().select(*columns), "unread" + str(first or ""))
    return query.text() if unread else text


def _compile_query(plan: Plan) -> Query:
    draft = StatementDraft(_most_bytes(plan))
    match plan:
        case ReadPlan():
            return compile_read(plan, draft)
        case Insert():
            return compile_insert(plan, draft)
        case InsertOne():
            return compile_insert_one(plan, draft)
        case Upsert():
            return compile_upsert(plan, draft)
        case Update():
            return compile_update(plan, draft)
        case Delete():
            return compile_delete(plan, draft)
        case ReadBack():
            return compile_read_back(plan, draft)
        case RowApart() | CreatedEvent() | ChangeApart() | ChangedEvent():
            return _compile_apart(plan, draft)
        case CreateTree() | UpdateRows() | Find() | Unfit() | Merge() | Repoint():
            return _compile_part(plan, draft)
        case Faults():
            return compile_faults(plan, draft)
        case EventFeed():
            return compile_feed(plan, draft)
        case _:
            assert_never(plan)


def _most_bytes(plan: Plan) -> int | None:
    """Return the bytes that a plan lets its answer have; None where they need not be counted."""
    match plan:
        case CreatedEvent():
            return plan.row.insert.most_bytes
        case ChangeApart():
            return plan.change.most_bytes
        case RowApart() | ChangedEvent() | UpdateRows() | Find() | Unfit() | Merge() | Repoint() | Faults():
            return None
        case _:
            return plan.most_bytes


def _compile_part(plan: NestedPlan | MergePlan, draft: StatementDraft) -> Query:
    match plan:
        case CreateTree():
            return compile_create_tree(plan, draft)
        case UpdateRows():
            return compile_update_rows(plan, draft)
        case Find():
            return compile_find(plan, draft)
        case Unfit():
            return compile_unfit(plan, draft)
        case Merge():
            return compile_merge(plan, draft)
        case Repoint():
            return compile_repoint(plan, draft)


def _compile_apart(plan: ApartPlan, draft: StatementDraft) -> Query:
    match plan:
        case RowApart():
            return compile_row(plan, draft)
        case CreatedEvent():
            return compile_created_event(plan, draft)
        case ChangeApart():
            return compile_change_apart(plan, draft)
        case ChangedEvent():
            return compile_changed_event(plan, draft)
