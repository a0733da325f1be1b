"""Pages: first, after, last, before, limit and offset become the page of a connection."""

from collections.abc import Mapping
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Binder, Bindings, Blame, Leaf, Tree
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.schema.values.paging import PAGING
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, unstorable
from fieldstone.metadata.scalars import UUID, shown
from fieldstone.sql.plan.operands import Parameter, type_of
from fieldstone.sql.plan.outputs import OrderKey, Page
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.page_cursor import BY_ID, CursorError, decode_cursor

LARGEST_OFFSET = 2**31 - 1

LARGEST_PAGING = 1_000
"""Rows of a page of the catalog that is asked for in one object."""

_PAGE_ARGUMENTS = frozenset({"first", "after", "last", "before", "limit", "offset"})
_CONFLICTS = (
    ("first", "limit"),
    ("first", "last"),
    ("limit", "last"),
    ("after", "before"),
    ("first", "before"),
    ("limit", "before"),
    ("last", "after"),
    ("last", "offset"),
    ("after", "offset"),
    ("before", "offset"),
)


Given = Leaf | dict[str, Tree] | list[Tree]


def build_page(
    context: PlanContext,
    arguments: Mapping[str, Tree],
    order: tuple[OrderKey, ...],
    tag: str,
    path: tuple[str | int, ...],
    *,
    default: int | None = None,
    largest: int | None = None,
) -> Page:
    """Return the page that the arguments ask for, its cursors made under `tag`.

    `default` and `largest` are the numbers of rows unless said and at most; records have those of the settings.
    """
    given = _given(arguments)
    priced = None
    if PAGING in given:
        given, largest, priced = _unpack(given, path), LARGEST_PAGING, context.limits.default_page
    for one, other in _CONFLICTS:
        if one in given and other in given:
            raise Blame(field=other, path=path).error(f"'{one}' and '{other}' cannot be given together.")
    backward = "last" in given or "before" in given
    limit = default or context.limits.default_page
    for name in ("first", "last", "limit"):
        if name in given:
            limit = _limit(
                largest or context.limits.largest_page, cast("Leaf", given[name]), Blame(field=name, path=path)
            )
    offset = None
    if "offset" in given:
        blame = Blame(field="offset", path=path)
        offset = context.parameters.add(_offset(cast("Leaf", given["offset"]), blame), SqlType.BIGINT)
    seek = None
    for name in ("after", "before"):
        if name in given:
            seek = _seek(context, cast("Leaf", given[name]), order, tag, Blame(field=name, path=path))
    return Page(limit=limit, backward=backward, seek=seek, offset=offset, priced=priced)


def _given(arguments: Mapping[str, Tree]) -> dict[str, Given]:
    return {name: tree for name, tree in arguments.items() if tree is not None and not isinstance(tree, Absent)}


def _unpack(given: Mapping[str, Given], path: tuple[str | int, ...]) -> dict[str, Given]:
    """Return the arguments with the members of `paging` in its place."""
    if others := given.keys() & _PAGE_ARGUMENTS:
        raise Blame(field=PAGING, path=path).error(f"'{PAGING}' and '{min(others)}' cannot be given together.")
    return _given(cast("Mapping[str, Tree]", given[PAGING]))


def _limit(largest: int, leaf: Leaf, blame: Blame) -> int:
    value = leaf.sample
    if not 0 <= value <= largest:
        raise blame.error(f"'{blame.field}' must be from 0 to {largest}, not {shown(value)}.")
    return int(value)


def _offset(leaf: Leaf, blame: Blame) -> Binder:
    def bind(bindings: Bindings) -> bytes:
        value = leaf.read(bindings)
        if not 0 <= value <= LARGEST_OFFSET:
            raise blame.error(f"'offset' must be from 0 to {LARGEST_OFFSET}, not {shown(value)}.")
        return str(int(value)).encode()

    return bind


def _seek(
    context: PlanContext, leaf: Leaf, order: tuple[OrderKey, ...], tag: str, blame: Blame
) -> tuple[Parameter | None, ...]:
    def bind_key(place: int) -> Binder:
        def bind(bindings: Bindings) -> bytes | None:
            text = read_cursor(leaf.read(bindings), order, tag, blame)[place]
            return None if text is None else text.encode()

        return bind

    return tuple(
        None if key is None else context.parameters.add(bind_key(place), type_of(order[place].operand))
        for place, key in enumerate(read_cursor(leaf.sample, order, tag, blame))
    )


def read_cursor(text: JsonValue, order: tuple[OrderKey, ...], tag: str, blame: Blame) -> tuple[str | None, ...]:
    """Return the keys' texts (None: NULL) of a client's cursor.

    Raises:
        BadUserInput: it is none that was made under `tag` in this order.
    """
    if tag == BY_ID:
        try:
            return (str(UUID.coerce(text)),)
        except InvalidValue as error:
            raise blame.error(f"The cursor in '{blame.field}' is not valid: it {error.message}.") from None
    try:
        keys = decode_cursor(text, tag)
    except CursorError as error:
        raise blame.error(f"The cursor in '{blame.field}' is not valid: {error}.") from None
    if len(keys) != len(order) or any(key is None and not by.nullable for key, by in zip(keys, order, strict=True)):
        raise blame.error(f"The cursor in '{blame.field}' is not valid: it belongs to another order.")
    for key in keys:
        if key is not None and (reason := unstorable(key)):
            raise blame.error(f"The cursor in '{blame.field}' is not valid: it {reason}.")
    return keys
