"""What creating an object does to a snapshot."""

from dataclasses import replace

from fieldstone.metadata.changes.rules.collisions import check_object_names
from fieldstone.metadata.changes.rules.lookup import with_indexes
from fieldstone.metadata.changes.rules.names import check_name, choose_physical
from fieldstone.metadata.changes.rules.problems import Problems, check_label, check_texts
from fieldstone.metadata.changes.rules.system_fields import build_system_fields, build_system_indexes
from fieldstone.metadata.changes.types import Applied, CreateObject
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.plan.elements import Table


def apply_create_object(snapshot: Snapshot, change: CreateObject) -> Applied:
    """Return the snapshot with a new object.

    Raises:
        InvalidChange: a name or a text breaks a rule; NameTaken where only names are taken.
    """
    _check_inputs(change)
    tables = {object_.table.name for object_ in snapshot.objects.values()}
    table = choose_physical(change.name_singular, lambda name: name in tables or name in snapshot.retired_tables)
    fields = tuple(build_system_fields(change.id, change.field_ids, skip_name=change.skip_name_field))
    indexes = build_system_indexes(change.id, table, fields, change.index_ids)
    created = Object(
        id=change.id,
        name_singular=change.name_singular,
        name_plural=change.name_plural,
        label_singular=change.label_singular,
        label_plural=change.label_plural,
        description=change.description,
        icon=change.icon,
        table=Table(schema=snapshot.workspace.schema, name=table),
        is_custom=change.is_custom,
        fields=fields,
    )
    problems = Problems()
    problems.add(*check_object_names(snapshot, created))
    problems.raise_any()
    after = replace(
        snapshot,
        objects={**snapshot.objects, created.id: created},
        indexes=with_indexes(snapshot, indexes),
    )
    return Applied(snapshot=after, objects=(created,), fields=fields, indexes=indexes)


def _check_inputs(change: CreateObject) -> None:
    problems = Problems()
    problems.add(
        check_name(change.name_singular, "nameSingular"),
        check_name(change.name_plural, "namePlural"),
        check_label(change.label_singular, "labelSingular"),
        check_label(change.label_plural, "labelPlural"),
        *check_texts(((change.description, "description"), (change.icon, "icon"))),
    )
    problems.raise_any()
