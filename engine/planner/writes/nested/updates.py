"""The argument `updates`: the changes of several records, each with its id and data of its own."""

from collections.abc import Mapping, Sequence

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Tree, value_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.nested.build import TreeBuilder
from fieldstone.engine.planner.writes.nested.nodes import Item, Records
from fieldstone.engine.planner.writes.nested.places import place_error
from fieldstone.engine.planner.writes.nested.verbs import read_id
from fieldstone.engine.planner.writes.row_errors import show_row
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.sql.frozen import frozen

UPDATES = "updates"


@frozen
class UpdatesInput:
    """The argument's value, or the variable that holds it."""

    tree: Tree
    blame: Blame

    def check_alone(self, arguments: Mapping[str, Tree]) -> None:
        """Check that the argument stands alone.

        Raises:
            BadUserInput: another one is given.
        """
        if others := [name for name, tree in arguments.items() if name != UPDATES and tree is not None]:
            raise self.blame.error(f"'{UPDATES}' takes the place of all other arguments: leave out '{others[0]}'.")

    def rows(self, bindings: Bindings) -> Sequence[Mapping[str, JsonValue]]:
        """Return the elements for a request.

        Raises:
            BadUserInput: one of them is null.
        """
        value = value_of(self.tree, bindings)
        rows = value if isinstance(value, list) else [value]
        for index, row in enumerate(rows):
            if row is None or row.get("id") is None or row.get("data") is None:
                raise place_error(
                    BadUserInput("An element of 'updates' has an 'id' and 'data', which must not be null."),
                    (UPDATES, index),
                )
        return rows

    def items(self, bindings: Bindings) -> list[Item]:
        """Return the records to change.

        Raises:
            BadUserInput: one id stands in two elements; neither says which of the changes is the last one.
        """
        items: list[Item] = []
        places: dict[str, int] = {}
        for index, row in enumerate(self.rows(bindings)):
            id_ = read_id(row["id"], (UPDATES, index, "id"))
            if id_ in places:
                first = places[id_]
                error = BadUserInput(f"The elements {first} and {index} of 'updates' have the same 'id'.")
                error.extensions["rows"] = [show_row(place, ["id"], [id_]) for place in (first, index)]
                raise place_error(error, (UPDATES, index, "id"))
            places[id_] = index
            items.append(Item(id=id_, data=row["data"], path=(UPDATES, index, "data")))
        return items


def build_updates(context: PlanContext, object_: Object, updates: UpdatesInput) -> Records:
    """Return the tree of the records that the argument changes.

    Raises:
        ApiError: the data is refused, whatever its values.
    """
    rows = updates.rows(context.sample)
    builder = TreeBuilder(context, Blame(field="data", path=updates.blame.path))
    return builder.records(object_, [dict(row["data"]) for row in rows], (UPDATES, "data"), creates=False)
