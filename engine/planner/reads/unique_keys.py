"""One record by a unique key: the argument `where` becomes a condition that one live record fulfils."""

from collections.abc import Mapping

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree, bind_tree
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.filters.operators import encoder
from fieldstone.engine.schema.objects.unique_keys import UniqueKey, unique_keys
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.sql.plan.elements import And, Compare, Comparison


def key_condition(context: PlanContext, object_: Object, tree: Tree, blame: Blame) -> tuple[And, tuple[str, ...]]:
    """Return the condition that a record has a unique key's values, and the names of the key's fields.

    Raises:
        BadUserInput: the fields given are not those of one unique key, or one of them is null.
    """
    context.indexes[object_.id] = context.snapshot.indexes_of.get(object_.id, ())
    given = tree if isinstance(tree, dict) else {}
    for name, member in given.items():
        if isinstance(member, Absent):
            raise blame.at(name).error(
                f"The variable '${member.variable}' is absent: every field of a unique key must have a value."
            )
        if member is None:
            raise blame.at(name).error(f"'{name}' must not be null in a unique key.")
    key = _find_key(context, object_, given, blame)
    terms: list[Compare] = []
    for field in key:
        name = field.member_name
        members: Mapping[str | None, Tree] = {None: given[name]}
        if field.is_composite:
            members = _composite(field, given[name], blame.at(name))
        terms += [_equal(context, part, members[part.name], blame.at(name)) for part in field.unique_parts]
    return And(terms=tuple(terms)), tuple(field.member_name for field in key)


def _find_key(context: PlanContext, object_: Object, given: Mapping[str, Tree], blame: Blame) -> UniqueKey:
    known = unique_keys(context.snapshot, object_)
    for key in known:
        if {field.member_name for field in key} == given.keys():
            return key
    listed = " or ".join(f"{{ {' '.join(field.member_name for field in key)} }}" for key in known)
    raise blame.error(
        f"'{blame.field}' takes all fields of one unique key of {object_.type_name}, and no others: {listed}."
    )


def _composite(field: Field, tree: Tree, blame: Blame) -> Mapping[str | None, Tree]:
    """Return the parts of a composite that are in a unique key."""
    given = (
        {name: part for name, part in tree.items() if not isinstance(part, Absent)} if isinstance(tree, dict) else {}
    )
    wanted = [part.name for part in field.unique_parts]
    if given.keys() != set(wanted) or None in given.values():
        raise blame.error(
            f"'{field.name}' takes {{ {' '.join(map(str, wanted))} }} in a unique key, each with a value."
        )
    return {name: given[str(name)] for name in wanted}


def _equal(context: PlanContext, part: Part, tree: Tree, blame: Blame) -> Compare:
    context.count_comparison()
    value = context.parameters.add(bind_tree(tree, encoder(part.scalar), blame), part.scalar.sql_type)
    return Compare(left=part.column, comparison=Comparison.EQ, right=value)
