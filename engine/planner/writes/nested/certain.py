"""The statements of a nested write that only creates records, and against which no verdict can stand.

`unfold.py` takes any data apart, and notes the place of each record for its errors. Most requests have no fault: here
their data is taken apart without places, look-ups and conditions. A request with a fault is unfolded there once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.nested.nodes import Item, Records, ToMany, ToOne
from fieldstone.engine.planner.writes.nested.unfold import new_item
from fieldstone.engine.planner.writes.nested.verbs import CREATE, spoken
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.statement import Step

_ONLY_CREATE = frozenset({CREATE})


def is_certain(plan: Records) -> bool:
    """Return whether the records and all below are only created, and no verdict can stand against any of them."""
    is_free = plan.step.is_certain and all(map(_creates_target, plan.to_one))
    return is_free and all(map(_creates_records, plan.to_many))


def _creates_target(one: ToOne) -> bool:
    others = (one.create_missing, one.seek, one.update, one.release, one.move)
    return not one.lookups and all(other is None for other in others) and (not one.create or is_certain(one.create))


def _creates_records(many: ToMany) -> bool:
    others = (many.find, many.detach, many.keep, many.update, many.remove, many.move, many.connect)
    return not many.lookups and all(other is None for other in others) and (not many.create or is_certain(many.create))


@dataclass(slots=True, kw_only=True)
class Creation:
    """The creation of one root field's records.

    Attributes:
        most: how many records there may be.
        steps: the statements so far, with their parameters.
    """

    bindings: Bindings
    most: int
    steps: list[Step] = field(default_factory=list)

    def records(self, plan: Records, items: Sequence[Item]) -> None:
        """Add the statements that create the records of one place, and those below.

        Raises:
            ApiError: a value is refused, or there are too many records; the error does not say where.
        """
        self.most -= len(items)
        if self.most < 0:
            raise _fault()
        for one in plan.to_one:
            if one.create is not None and one.end.holds_key:
                holders = [(item, data) for item in items for data in _created(item, one.field.name)]
                targets = [new_item(data, ()) for _, data in holders]
                for (item, _), target in zip(holders, targets, strict=True):
                    if one.key_name in item.data:
                        raise _fault()
                    item.links[one.field.name] = target.id
                if targets:
                    self.records(one.create, targets)
        bound = plan.step.bound
        given = plan.step.encode(plan.write(items, self.bindings))
        self.steps.append((bound.statement, bound.bind(self.bindings._replace(given=given))))
        for one in plan.to_one:
            if one.create is not None and not one.end.holds_key:
                self._children(one, one.create, items)
        for many in plan.to_many:
            if many.create is not None:
                self._children(many, many.create, items)

    def _children(self, relation: ToOne | ToMany, plan: Records, parents: Sequence[Item]) -> None:
        """Add the statements that create the records which hang on these."""
        name, own = relation.field.name, relation.end.target_field.name
        own_key = f"{own}Id"
        children: list[Item] = []
        for parent in parents:
            for data in _created(parent, name):
                if own in data or own_key in data:
                    raise _fault()
                child = new_item(data, ())
                child.links[own] = parent.id
                children.append(child)
        if children:
            self.records(plan, children)


def _created(item: Item, relation: str) -> Sequence[dict[str, JsonValue]]:
    """Return the data of the records that a record's data creates in a relation."""
    value = item.data.get(relation)
    if not isinstance(value, dict):
        return ()
    if value.keys() != _ONLY_CREATE and not spoken(value) <= _ONLY_CREATE:
        raise _fault()
    made = value.get(CREATE)
    if made is None:
        return ()
    listed = made if isinstance(made, list) else [made]
    if None in listed:
        raise _fault()
    return listed


def _fault() -> BadUserInput:
    return BadUserInput("The data has a fault, which the ordinary path names.")
