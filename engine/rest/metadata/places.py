"""The places of resources: `/metadata/objects` and `/metadata/objects/{id or name}`."""

from fieldstone.engine.rest.metadata.resources import RESOURCES, find_methods
from fieldstone.engine.rest.routes import Place

_ROOT = "metadata/"


def find_resource(path: str) -> Place | None:
    """Return the place of a resource that a path leads to, given without `/rest/`; None for any other path.

    No resource has the form of an id, so that an object's plural may be `metadata`.
    """
    if not path.startswith(_ROOT):
        return None
    name, _, id_ = path.removesuffix("/").removeprefix(_ROOT).partition("/")
    if name not in RESOURCES or "/" in id_:
        return None
    return Place(plural=name, id=id_ or None, actions=find_methods(name, of_one=bool(id_)))
