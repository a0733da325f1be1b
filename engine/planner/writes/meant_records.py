"""The records that a write means: by id, by a unique key or by a filter, and the time that `ifUpdatedAt` says."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import (
    Binder,
    Bindings,
    Blame,
    Tree,
    arguments_of,
    array_literal,
    bind_tree,
    value_of,
)
from fieldstone.engine.planner.context import PlanContext, Site, visible
from fieldstone.engine.planner.reads.filters.conditions import write_filter
from fieldstone.engine.planner.reads.filters.operators import encoder
from fieldstone.engine.planner.reads.unique_keys import key_condition
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import DATE_TIME, UUID
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition, IsNull
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.changes import Expected
from fieldstone.sql.types import SqlType

IF_UPDATED_AT = "ifUpdatedAt"

_FRACTION = re.compile(r"\.(\d+)")
_MICROSECOND = 6


@frozen
class Meant:
    """The records that a write means.

    Attributes:
        key: the names of the fields of the unique key that names the only one; () if that is its id, or a filter.
    """

    condition: Condition
    ids: Parameter | None = None
    key: tuple[str, ...] = ()


def meant_by_filter(context: PlanContext, object_: Object, tree: Tree, blame: Blame, *, deleted: bool | None) -> Meant:
    """Return the records under a filter.

    `deleted` picks among the deleted or the live ones; None means the live ones unless the filter names deletedAt.

    Raises:
        BadUserInput: the filter is refused.
    """
    said, names_deleted = write_filter(context, object_, tree, blame)
    if deleted is None and not names_deleted:
        deleted = False
    return Meant(condition=And(terms=(said, _among(context, object_, deleted=deleted))))


def meant_by_name(
    context: PlanContext, object_: Object, selected: Selected, path: AnswerPath, *, deleted: bool | None
) -> Meant:
    """Return the one record that is named: among the deleted, the live, or (by an id alone, where it is None) both.

    Raises:
        BadUserInput: it is named in no way, or in two.
    """
    arguments = arguments_of(selected.nodes[0], context.variables)
    given = [name for name in ("id", "where") if arguments.get(name) is not None]
    blame = Blame(field="id", path=path)
    if len(given) != 1:
        raise blame.error(f"'{selected.name}' takes either 'id' or 'where', and it must not be null.")
    if given == ["where"]:
        said, key = key_condition(context, object_, arguments["where"], Blame(field="where", path=path))
        return Meant(
            condition=And(terms=(said, _among(context, object_, deleted=deleted is True, site=Site.POINT))), key=key
        )
    encode = encoder(UUID)
    binder = bind_tree(arguments["id"], lambda value: array_literal([encode(value).decode()]), blame)
    ids = context.parameters.add(binder, SqlType.UUID, array=True)
    return Meant(condition=_among(context, object_, deleted=deleted, site=Site.POINT), ids=ids)


def _among(context: PlanContext, object_: Object, *, deleted: bool | None, site: Site = Site.SCAN) -> Condition:
    terms = visible(context, object_, deleted=deleted is not False, site=site)
    if deleted and object_.deleted_at is not None:
        terms = (*terms, IsNull(column=object_.deleted_at, negated=True))
    return And(terms=terms)


def find_expected(
    context: PlanContext,
    object_: Object,
    selected: Selected,
    path: AnswerPath,
    read_ids: Callable[[Bindings], Sequence[str]] | None = None,
) -> Expected | None:
    """Return the time that a write of one record expects, None where its client gives none.

    A write of the records of `read_ids` expects a time of each, in their order.

    Raises:
        BadUserInput: it is null or an absent variable: such a write would change a record of any time.
    """
    node = selected.nodes[0]
    if all(argument.name.value != IF_UPDATED_AT for argument in node.arguments or ()):
        return None
    blame = Blame(field=IF_UPDATED_AT, path=path)
    tree = arguments_of(node, context.variables).get(IF_UPDATED_AT)
    if tree is None:
        raise blame.error(f"'{IF_UPDATED_AT}' must not be null: leave it out to write the record of any time.")
    stamp = object_.by_name.get("updatedAt")
    if stamp is None or not object_.shows(stamp) or stamp.id in object_.guarded:
        raise blame.error(f"{object_.type_name} has no field 'updatedAt' that '{IF_UPDATED_AT}' could be compared to.")
    add, is_list = context.parameters.add, read_ids is not None
    earliest, before = (
        bind_tree(tree, convert, blame) if read_ids is None else _bind_each(tree, convert, blame, read_ids)
        for convert in (_earliest, _before)
    )
    return Expected(
        column=stamp.parts[0].column,
        earliest=add(earliest, SqlType.TIMESTAMP, array=is_list),
        before=add(before, SqlType.TIMESTAMP, array=is_list),
    )


def _bind_each(
    tree: Tree,
    convert: Callable[[JsonValue], bytes],
    blame: Blame,
    read_ids: Callable[[Bindings], Sequence[str]],
) -> Binder:
    """Return a binder of the times of some records, which refuses another number of times than of records."""

    def read(value: JsonValue) -> bytes:
        return array_literal([convert(one).decode() for one in (value if isinstance(value, list) else [value])])

    times = bind_tree(tree, read, blame)

    def bind(bindings: Bindings) -> bytes | None:
        count, value = len(read_ids(bindings)), value_of(tree, bindings)
        given = len(value) if isinstance(value, list) else 1
        if given != count:
            raise blame.error(f"'{IF_UPDATED_AT}' must have the time of each of the {count} records, not of {given}.")
        return times(bindings)

    return bind


def _earliest(value: JsonValue) -> bytes:
    return str(DATE_TIME.coerce(value)).encode()


def _before(value: JsonValue) -> bytes:
    """Return the end of the interval that a time means, which is as long as its last digit is worth.

    A client whose times have milliseconds, as JavaScript's Date has, would else find every record changed.
    """
    start = datetime.fromisoformat(str(DATE_TIME.coerce(value)))
    digits = _FRACTION.search(str(value))
    places = min(len(digits[1]), _MICROSECOND) if digits else 0
    try:
        return (start + timedelta(microseconds=10 ** (_MICROSECOND - places))).isoformat().encode()
    except OverflowError:
        return b"infinity"
