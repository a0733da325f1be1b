"""The root fields about the model that no statement on the catalog answers, by their names."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

from fieldstone.engine.metadata_api.model.builds import find_builds
from fieldstone.engine.metadata_api.model.field_types import describe_field_types
from fieldstone.engine.metadata_api.model.names import derive_names
from fieldstone.engine.metadata_api.model.stats import count_objects
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.schema.roots.model_facts import BUILD, DERIVED_NAMES, FIELD_TYPE_INFO, OBJECT_STATS
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database


class Fact(NamedTuple):
    """A root field: the function that returns its value, and the type of the value, None for a scalar.

    The function raises ApiError or DatabaseError.
    """

    tell: Callable[[Snapshot, Principal, Arguments], Awaitable[JsonValue]]
    type_name: str | None = None


def model_facts(database: Database, work: WorkThread, *, time_limit: float) -> Mapping[str, Fact]:
    """Return the root fields; a statement of theirs may take `time_limit` seconds."""

    async def version(model: Snapshot, _principal: Principal, _arguments: Arguments) -> JsonValue:
        return str(model.version)

    async def field_types(_model: Snapshot, _principal: Principal, _arguments: Arguments) -> JsonValue:
        return describe_field_types()

    async def names(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        # The library of English takes a second to load.
        derive = partial(derive_names, model, arguments["label"], arguments.get("object"))
        return await work.run(principal.workspace_id, derive)

    async def stats(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        return await count_objects(database, model, principal, arguments["objects"], time_limit=time_limit)

    async def builds(model: Snapshot, _principal: Principal, _arguments: Arguments) -> JsonValue:
        return await find_builds(database, model)

    return {
        "modelVersion": Fact(version),
        "fieldTypes": Fact(field_types, FIELD_TYPE_INFO),
        "deriveNames": Fact(names, DERIVED_NAMES),
        "objectStats": Fact(stats, OBJECT_STATS),
        "builds": Fact(builds, BUILD),
    }
