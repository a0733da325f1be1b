"""The functions of the planner without the rights of a role: the stand-ins of runs with a place switched off."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fieldstone.sql.plan.elements import And


def lift_object(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context, object_, *more, **options: real(context, object_.whole, *more, **options)


def lift_end(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context, end, *more, **options: real(context, replace(end, target=end.target.whole), *more, **options)


def lift_guards(real: Callable[..., Any]) -> Callable[..., Any]:
    def read(context: Any, object_: Any) -> Any:
        table = real(context, object_)
        return replace(table, guarded=tuple(replace(one, guard=And(terms=())) for one in table.guarded))

    return read
