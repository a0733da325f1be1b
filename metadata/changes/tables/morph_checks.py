"""The constraints of morph relations: of the keys that a record has in one of them, one at most is set."""

from collections.abc import Iterator, Mapping

from psycopg.sql import Composed

from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.model import MORPH_SETTING, Object
from fieldstone.sql.ddl import alter
from fieldstone.sql.plan.elements import Column


def morph_checks(object_: Object) -> Mapping[str, tuple[Column, ...]]:
    """Return the constraints on an object's table: the columns of each by its name."""
    groups: dict[str, tuple[str, list[Column]]] = {}
    for field in object_.fields:
        if field.parts and (group := field.settings.get(MORPH_SETTING)):
            name = index_name(object_.table.name, (group["name"],), "morph")
            groups.setdefault(group["id"], (name, []))[1].append(field.parts[0].column)
    return {name: tuple(columns) for name, columns in groups.values() if len(columns) > 1}


def change_morph_checks(difference: Difference) -> Iterator[Composed]:
    """Yield the statements that bring the constraints from one model to the next, once its columns are there."""
    for known, object_ in difference.pairs:
        if object_ is None:
            continue
        was, now = morph_checks(known) if known else {}, morph_checks(object_)
        for name in was:
            if was[name] != now.get(name):
                yield alter.drop_constraint_if_there(object_.table, name)
        for name, columns in now.items():
            if was.get(name) != columns:
                yield alter.add_at_most_one(object_.table, name, columns)
