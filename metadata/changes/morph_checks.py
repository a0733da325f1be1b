"""The constraints of morph relations: of the keys that a record has in one of them, one at most is set."""

from collections.abc import Iterator, Mapping

from psycopg.sql import Composed

from metadata.changes.difference import Difference
from metadata.changes.names import index_name
from metadata.model import MORPH_SETTING, Object
from sql import alter
from sql.plan import Column


def morph_checks(thing: Object) -> Mapping[str, tuple[Column, ...]]:
    """Return the constraints on an object's table: the columns of each by its name."""
    groups: dict[str, tuple[str, list[Column]]] = {}
    for field in thing.fields:
        if field.parts and (group := field.settings.get(MORPH_SETTING)):
            name = index_name(thing.table.name, (group["name"],), "morph")
            groups.setdefault(group["id"], (name, []))[1].append(field.parts[0].column)
    return {name: tuple(columns) for name, columns in groups.values() if len(columns) > 1}


def change_morph_checks(difference: Difference) -> Iterator[Composed]:
    """Yield the statements that bring the constraints from one model to the next, once its columns are there."""
    for known, thing in difference.things:
        if thing is None:
            continue
        was, now = morph_checks(known) if known else {}, morph_checks(thing)
        for name in was:
            if was[name] != now.get(name):
                yield alter.drop_constraint_if_there(thing.table, name)
        for name, columns in now.items():
            if was.get(name) != columns:
                yield alter.add_at_most_one(thing.table, name, columns)
