"""The root field of the Metadata API that reads the events of records."""

from collections.abc import Mapping

from fieldstone.engine.access.principals import see
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.record_history.reading import MOST, EventFilter, RecordHistory
from fieldstone.engine.schema.roots.activity.events import EVENTS, FIRST
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database


def event_facts(database: Database, time_limit: float) -> Mapping[str, Fact]:
    """Return the root field; a statement of it may take `time_limit` seconds."""
    history = RecordHistory(database, time_limit)

    async def events(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        seen = see(model, principal)
        most = MOST if seen.limits.page is None else min(MOST, seen.limits.page)
        first = min(FIRST, most) if arguments.get("first") is None else int(arguments["first"])
        if not 0 <= first <= most:
            raise BadUserInput(f"'first' must be from 0 to {most}, not {first}.", field="first")
        wanted = _read_filter(arguments.get("filter") or {})
        if wanted.object is not None and wanted.object not in seen.view.readable:
            raise BadUserInput(
                f"There is no object '{wanted.object[:80]}' whose records the role may read: give its nameSingular.",
                field="filter",
            )
        return await history.page(seen, wanted, first, arguments.get("before"))

    return {"events": Fact(events, EVENTS)}


def _read_filter(given: Mapping[str, JsonValue]) -> EventFilter:
    actions = given.get("actions")
    return EventFilter(
        object=given.get("object"),
        record_id=given.get("recordId"),
        actions=None if actions is None else [action.lower() for action in actions],
        actor_id=given.get("actorId"),
        since=given.get("since"),
        until=given.get("until"),
    )
