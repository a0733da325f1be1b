"""Optimistic locking: the argument ifUpdatedAt becomes the time at which a record must have been changed last."""

import re
from datetime import datetime, timedelta

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of, bind_tree
from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import DATE_TIME
from fieldstone.sql.plan.write import Expected
from fieldstone.sql.types import SqlType

IF_UPDATED_AT = "ifUpdatedAt"

_FRACTION = re.compile(r"\.(\d+)")
_MICROSECOND = 6


def find_expected(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Expected | None:
    """Return the time that a write of one record expects, None where its client gives none.

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
    if stamp is None:
        raise blame.error(f"{object_.type_name} has no field 'updatedAt' that '{IF_UPDATED_AT}' could be compared to.")
    return Expected(
        column=stamp.parts[0].column,
        earliest=context.parameters.add(bind_tree(tree, _earliest, blame), SqlType.TIMESTAMP),
        before=context.parameters.add(bind_tree(tree, _before, blame), SqlType.TIMESTAMP),
    )


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
