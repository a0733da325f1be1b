"""Which of the operations that clients sent lately a change of the model would make invalid."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.language import DirectiveNode

from fieldstone.engine.documents.document import Operation, children
from fieldstone.engine.documents.validation import validate_operation
from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.plan_cache import OperationKey, PlanCache
from fieldstone.engine.request.valid_operation import AnyOperation, Demand
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.access.view import find_view
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import SESSION

MOST_OPERATIONS = 200
"""Operations, the most recently used ones, that are held against the model to be: some 3 ms each, in a thread."""
MOST_CHARACTERS = 500_000
"""Of these operations' documents together: two seconds of the thread, though each may be a large one."""
MOST_REASONS = 3
"""Reasons that are given for an operation."""

CONSOLE_PREFIX = "Console"
"""The begin of the name of each operation that the console sends."""

FindBroken = Callable[[Snapshot], Awaitable[list[JsonValue]]]
"""Returns the operations that would break under a model, as plans show them."""


def broken_operations(plans: PlanCache, work: WorkThread, *, relay: bool = False) -> FindBroken:
    """Return a search among the operations that a plan cache holds: those that this process has served.

    `relay` is that of their schema.
    """

    async def find(after: Snapshot) -> list[JsonValue]:
        for role in plans.roles_of(after.workspace.id):
            await asyncio.sleep(0)  # each view takes some milliseconds
            find_view(after, role)
        touched: list[tuple[OperationKey, AnyOperation]] = []
        characters = 0
        for key, found in plans.find_touched(after, MOST_OPERATIONS):
            if key.is_rest or _is_of_console(found):
                continue  # Its document names the fields that there are, and is written again for the new model.
            characters += len(key.text)
            if characters > MOST_CHARACTERS:
                break
            touched.append((key, found))
        return await work.run(after.workspace.id, partial(_validate, touched, after, relay=relay)) if touched else []

    return find


async def none_broken(_after: Snapshot) -> list[JsonValue]:
    """Return no operation: nobody has served any."""
    return []


def _validate(touched: Sequence[tuple[OperationKey, AnyOperation]], after: Snapshot, *, relay: bool) -> list[JsonValue]:
    schemas: dict[int, GraphQLSchema] = {}
    found: list[JsonValue] = []
    for key, kept in touched:
        operation = kept.parse()
        view = find_view(after, key.role_id)
        if view is None:
            continue  # Its role is gone, with all its operations.
        schema = schemas.setdefault(key.role, lazy_schema(view, relay=relay))
        if errors := validate_operation(schema, operation):
            name = operation.definition.name
            found.append(
                {
                    "operation": name.value if name else None,
                    "hash": sha256(key.text.encode()).hexdigest(),
                    "reasons": show_reasons(operation, errors[:MOST_REASONS]),
                    "role": None if view.role is None else view.role.name,
                    "clients": _show_clients(kept.demand),
                }
            )
    return found


def _is_of_console(operation: AnyOperation) -> bool:
    """Return whether the console alone has sent an operation: by sessions of browsers, and with a name of its own."""
    name = operation.outline.name or ""
    return name.startswith(CONSOLE_PREFIX) and set(operation.demand.clients) == {SESSION}


def _show_clients(demand: Demand) -> list[JsonValue]:
    """Return the clients of an operation, the most frequent one first; sessions of browsers count as users."""
    minutes = max(1.0, (time.monotonic() - demand.since) / 60)
    clients: Counter[str | None] = Counter()
    for name, requests in demand.clients.copy().items():
        clients[None if name == SESSION else name] += requests
    counted = sorted(clients.items(), key=lambda one: -one[1])
    return [
        {"name": name, "requests": requests, "perMinute": round(requests / minutes, 1)} for name, requests in counted
    ]


def show_reasons(operation: Operation, errors: Sequence[ApiError]) -> list[JsonValue]:
    """Return the messages of errors; a message about a value, which may quote it, is replaced by the value's place."""
    values = _find_values(operation.document)
    shown = []
    for error in errors:
        places = (values[location] for location in error.locations if location in values)
        place = next(places, None)
        shown.append(error.message if place is None else f"The value of {place} does not fit.")
    return shown


def _find_values(document: DocumentNode) -> dict[tuple[int, int], str]:
    """Return the names of the arguments, input fields and variables that have values, by the values' locations."""
    found: dict[tuple[int, int], str] = {}
    pending: list[tuple[Node, str]] = [(node, "") for node in document.definitions]
    while pending:
        node, place = pending.pop()
        match node:
            case FieldNode(name=name):
                place = name.value
            case ArgumentNode(name=name):
                place = f"the argument '{name.value}' of '{place}'"
            case ObjectFieldNode(name=name):
                place = f"the field '{name.value}' in {place}"
            case DirectiveNode(name=name):
                place = f"@{name.value}"
            case VariableDefinitionNode(variable=variable):
                place = f"the variable '${variable.name.value}'"
            case _:
                pass
        if isinstance(node, ValueNode | ObjectFieldNode) and not isinstance(node, VariableNode) and node.loc:
            start = node.loc.source.get_location(node.loc.start)
            found[start.line, start.column] = place
        pending += [(child, place) for child in children(node)]
    return found
