"""A root field whose data writes the records of relations too: its tree, and the steps of each request."""

from collections.abc import Callable, Mapping, Sequence

from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Tree, value_of
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.price import Price
from fieldstone.engine.planner.writes.creates import CreateInput
from fieldstone.engine.planner.writes.nested.build import TreeBuilder, is_nested
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.nodes import Item, Records
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.engine.planner.writes.nested.steps import BoundStep, Found, RowValue, Step, encode_values
from fieldstone.engine.planner.writes.nested.unfold import Unfolding, new_item
from fieldstone.engine.planner.writes.nested.updates import UpdatesInput
from fieldstone.engine.planner.writes.nested.upserts import UpsertTree
from fieldstone.engine.planner.writes.nested.verbs import read_id
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.metadata.api_names import Verb
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import array_text


@frozen
class BoundNested:
    """The steps of a request's nested write, and the ids of the records that its root field answers."""

    steps: Sequence[BoundStep]
    ids: Sequence[str | Found]

    @property
    def created(self) -> bytes:
        """PostgreSQL's text of whether each of the records, which were looked up, was created."""
        flags = [b"t" if isinstance(one, Found) and one.value is None else b"f" for one in self.ids]
        return b"{" + b",".join(flags) + b"}"

    @property
    def answered(self) -> bytes:
        """PostgreSQL's text of the ids."""
        return array_text([one.id if isinstance(one, Found) else one for one in self.ids]).encode()


@frozen
class PlannedNested:
    """One root field of a mutation that writes the records of relations too.

    Attributes:
        tree: the plan of the records that the data writes.
        data: the argument, or `updates`.
        root: the write of the root field's own records, for an update.
        target: the argument `id` of an update, None if its records are named in another way.
        read_back: reads the answer by the ids.
        price: the price of the answer for each record.
        certain: the one statement that does all, if the records are only created and no verdict can stand against them.
    """

    key: str
    path: AnswerPath
    location: tuple[tuple[int, int], ...]
    object_: Object
    verb: Verb
    many: bool
    tree: Records | UpsertTree
    data: CreateInput | UpdatesInput
    root: PlannedWrite | None
    target: Tree
    read_back: BoundStatement
    price: Price
    limit: int
    certain: CertainCreate | None

    def bind(self, bindings: Bindings) -> BoundNested:
        """Return the steps of a request.

        Raises:
            BadUserInput: a value is refused; `extensions.input` is its place.
            Forbidden: the role may not write a record, likewise.
        """
        unfolding, tree = Unfolding(bindings=bindings, most=self.limit), self.tree
        try:
            if isinstance(tree, UpsertTree):
                rows, paths = self._rows(bindings)
                steps, found = tree.unfold(rows, paths, bindings, self.limit)
                return BoundNested(steps=steps, ids=found)
            items = self._items(tree, bindings)
            unfolding.records(tree, items)
            if self.root is not None:
                # Its values are checked before anything is sent.
                self.root.write.bind(bindings._replace(given=(b"",) * len(tree.to_one)))
        except (BadUserInput, Forbidden) as error:
            error.path, error.locations = self.path, self.location
            raise error if "input" in error.extensions else place_error(error, ("data",)) from None
        return BoundNested(steps=unfolding.steps, ids=[item.id for item in items])

    def _items(self, tree: Records, bindings: Bindings) -> list[Item]:
        if isinstance(self.data, UpdatesInput):
            return self.data.items(bindings)
        rows, paths = self._rows(bindings)
        if tree.creates:
            return [new_item(row, path) for row, path in zip(rows, paths, strict=True)]
        id_: str | Found = Found()
        if self.target is not None:
            id_ = read_id(value_of(self.target, bindings), ("id",))
        return [Item(id=id_, data=row, path=path) for row, path in zip(rows, paths, strict=True)]

    def _rows(self, bindings: Bindings) -> tuple[Sequence[Mapping[str, JsonValue]], Sequence[InputPath]]:
        """Return the records' data, and the place of each."""
        rows = self.data.rows(bindings)
        is_list = isinstance(self.data, CreateInput) and self.data.many
        return rows, [("data", index) if is_list else ("data",) for index in range(len(rows))]


Root = Callable[[Sequence[Field]], PlannedWrite]
"""Plans an update's own records; takes the relations whose targets are made before, in the order of `given`."""


def find_records(
    context: PlanContext, object_: Object, data: CreateInput, root: Root | None
) -> tuple[Records, PlannedWrite | None] | None:
    """Return the tree of a root field's data, and the write of an update's own records.

    None if it writes no record of a relation.

    Raises:
        ApiError: the data is refused, whatever its values.
    """
    sample = [*map(dict, data.rows(context.sample))]
    if not is_nested(context, object_, sample):
        return None
    builder = TreeBuilder(context, Blame(field="data", path=data.blame.path))
    planned: list[PlannedWrite] = []

    def plan_root(known: Sequence[Field]) -> Records:
        if root is None:
            raise TypeError("the records of a create are planned with their relations")
        planned.append(root(known))
        return _root_records(object_, planned[0], known)

    try:
        records = builder.records(
            object_,
            sample,
            ("data",),
            creates=root is None,
            root=None if root is None else plan_root,
            is_one=not data.many,
        )
    except ApiError as error:
        error.path = data.blame.path
        raise
    return records, planned[0] if planned else None


def _root_records(object_: Object, write: PlannedWrite, known: Sequence[Field]) -> Records:
    step = Step(
        bound=write.write, encode=encode_values, object_=object_, action="update", is_root=True, deferred=write.deferred
    )

    def values(items: Sequence[Item], _bindings: Bindings) -> list[list[RowValue]]:
        return [[item.links[field.name] for field in known] for item in items]

    return Records(object_=object_, creates=False, step=step, write=values)
