"""The root fields of the Metadata API about the processes that serve."""

from collections.abc import Mapping

from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.process_samples.series import ProcessNumbers
from fieldstone.engine.schema.roots.activity.processes import METRICS, PROCESS, RANGE, STEP
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database


def process_facts(database: Database, time_limit: float) -> Mapping[str, Fact]:
    """Return the root fields; a statement of theirs may take `time_limit` seconds."""
    numbers = ProcessNumbers(database, time_limit)

    async def metrics(_model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        length, step = int(arguments.get("range", RANGE)), int(arguments.get("step", STEP))
        return await numbers.series(length, step, share=principal.share)

    async def processes(_model: Snapshot, principal: Principal, _arguments: Arguments) -> JsonValue:
        return await numbers.list(share=principal.share)

    return {"metrics": Fact(metrics, METRICS), "processes": Fact(processes, PROCESS)}
