"""Finds the conditions and the orders of a saved view that its fields do not take any more."""

from collections.abc import Mapping

from graphql import GraphQLList

from fieldstone.engine.planner.access.check import refused_places
from fieldstone.engine.planner.reads.search.filter_types import input_type
from fieldstone.metadata.api_names import AGGREGATE_ENDING, TypeRole
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.metadata.saved_views.shown import Place


def misfits_of_filter(model: Snapshot, object_: Object, filter_: JsonValue) -> Mapping[Place, str | None]:
    """Return the places of the conditions that no client could send, each with the name of its field.

    A field may have got another type since the filter was saved, or have lost an option. Fields and object are those of
    the whole model: rights are planned when the filter is used.
    """
    places = (path for path, _ in refused_places(input_type(model, object_, TypeRole.FILTER), filter_))
    return dict(_condition_at(model, object_, path) for path in places)


def misfits_of_order(model: Snapshot, object_: Object, order: JsonValue) -> Mapping[Place, str | None]:
    """Return the same of an order, which is a list of keys."""
    places = (path for path, _ in refused_places(GraphQLList(input_type(model, object_, TypeRole.ORDER_BY)), order))
    return dict(_condition_at(model, object_, path) for path in places)


def _condition_at(model: Snapshot, object_: Object, path: Place) -> tuple[Place, str | None]:
    """Return the place of the whole condition on a field around a refused place, and the name of the field."""
    place, name = path, None
    for depth, step in enumerate(path):
        if not isinstance(step, str):
            continue
        field = object_.by_name.get(step) or object_.foreign_keys.get(step)
        total = None if field else object_.by_name.get(step.removesuffix(AGGREGATE_ENDING))
        if (found := field or total) is None:
            continue
        place, name = path[: depth + 1], found.name
        end = relation_end(model, found) if step == found.name else None
        if end is None:
            break
        object_ = end.target
    return place, name
