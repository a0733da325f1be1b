"""Series of the numbers of all processes, from their samples.

A count of a process only grows until it ends, so the count of a step is the difference of two samples of one process.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.process_samples.sampler import EVERY
from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

LONGEST: Final = 86_400
"""Seconds of a range."""
MOST_STEPS: Final = 1_000

COUNTS: Final = ("requests", "errors", "refused", "warm", "events", "delivered", "deliveriesFailed")
"""Counts since the start of a process; series have them by the second."""
SUMS: Final = (
    *("poolInUse", "poolLimit", "poolWaiting", "inProgress", "waiting", "connections", "subscribers", "liveQueries"),
)
"""States of a process that are added up over all of them."""
SHARED: Final = ("eventLag", "webhooksPending", "webhookLag", "builds")
"""States that each process tells of the whole database, of which the largest counts."""
QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

_PATIENCE = 3 * EVERY
_MOST_PROCESSES = 200

_READ = named_statement(__name__, "read_samples")
_CLOCK = catalog_statement("read_clock")
_PROCESSES = named_statement(__name__, "list_processes")


class Sample(NamedTuple):
    """The last sample of a process in a step; `is_new`: the process has begun in this step."""

    data: Mapping[str, Any]
    is_new: bool = False


Samples = Mapping[str, Mapping[int, Sample]]
"""The samples of each process by the number of their step; that of the step before the range is -1."""


def check_range(length: int, step: int) -> None:
    """Refuse a range and a step that no series has; raises BadUserInput."""
    if not EVERY <= length <= LONGEST:
        raise BadUserInput(f"'range' must be from {EVERY:g} to {LONGEST} seconds, not {length}.", field="range")
    if step < EVERY:
        raise BadUserInput(f"'step' must be {EVERY:g} seconds at least, not {step}.", field="step")
    if length / step > MOST_STEPS:
        raise BadUserInput(
            f"A range of {length} seconds in steps of {step} has more than {MOST_STEPS:,}: 'step' must be larger.",
            field="step",
        )


class ProcessNumbers:
    """The numbers of all processes of a database.

    Args:
        database: where the samples are.
        time_limit: seconds of a statement.
    """

    def __init__(self, database: Database, time_limit: float) -> None:
        self._database = database
        self._time_limit = time_limit

    async def series(self, length: int, step: int, *, share: Hashable) -> JsonValue:
        """Return the series of the last `length` seconds, in steps, of all processes; raises BadUserInput."""
        return await _read_series(self._database, length, step, time_limit=self._time_limit, share=share)

    async def list(self, *, share: Hashable) -> JsonValue:
        """Return the processes of the last day, those that were seen last first."""
        step = _PROCESSES.bind(patience=_PATIENCE, most=_MOST_PROCESSES)
        rows = await self._database.read(*step, timeout=self._time_limit, share=share)
        return [loads(row[0] or b"{}") for row in rows]


async def _read_series(database: Database, length: int, step: int, *, time_limit: float, share: Hashable) -> JsonValue:
    check_range(length, step)
    ((clock,),) = await database.read(*_CLOCK.bind(), timeout=time_limit, share=share)
    end = int(float(clock or 0) // step + 1) * step
    start = end - -(-length // step) * step
    rows = await database.read(*_READ.bind(start=start, end=end, step=step), timeout=time_limit, share=share)
    samples: defaultdict[str, dict[int, Sample]] = defaultdict(dict)
    for process, number, data, is_new in rows:
        samples[(process or b"").decode()][int(number or 0)] = Sample(loads(data or b"{}"), is_new == b"t")
    times = list(range(start, end, step))
    return {"start": start, "end": end, "step": step, "times": times, "series": build_series(samples, len(times), step)}


def build_series(samples: Samples, steps: int, step: int) -> dict[str, list[float | None]]:
    """Return a list of values for each series, one for each step; None where no process has told."""
    found: dict[str, list[float | None]] = defaultdict(lambda: [None] * steps)
    buckets: list[list[float]] = [[] for _ in range(steps)]
    bounds: Sequence[float] = ()
    seconds = [0.0] * steps
    answered = [0.0] * steps
    for process in samples.values():
        before = process.get(-1)
        for number in range(steps):
            told = process.get(number)
            if told is None:
                continue
            # The counts of a process begin at 0, and those of one that was not heard of with its first sample.
            sample = told.data
            old = before.data if before is not None else {} if told.is_new else sample
            for name in COUNTS:
                _add(found[name], number, (sample.get(name, 0) - old.get(name, 0)) / step)
            for name in SUMS:
                _add(found[name], number, sample.get(name, 0))
            for name in SHARED:
                found[name][number] = max(found[name][number] or 0, float(sample.get(name, 0)))
            bounds = sample.get("bounds", bounds)
            buckets[number] = _sum(buckets[number], sample.get("buckets", []), old.get("buckets", []))
            seconds[number] += float(sample.get("seconds", 0) - old.get("seconds", 0))
            answered[number] += float(sample.get("requests", 0) - old.get("requests", 0))
            _add(found["processes"], number, 1)
            before = told
    for number in range(steps):
        for name, share in QUANTILES.items():
            found[name][number] = quantile(bounds, buckets[number], share)
        found["mean"][number] = round(seconds[number] / answered[number] * 1000, 3) if answered[number] else None
    return {
        name: [None if value is None else round(float(value), 4) for value in values] for name, values in found.items()
    }


def quantile(bounds: Sequence[float], counts: Sequence[float], share: float) -> float | None:
    """Return the milliseconds below which a share of the requests took, by the counts between bounds (seconds)."""
    total = sum(counts)
    if not total:
        return None
    wanted = total * share
    for place, running in enumerate(accumulate(counts)):
        if running >= wanted:
            if place >= len(bounds):
                break
            low = float(bounds[place - 1]) if place else 0.0
            within = (wanted - (running - counts[place])) / counts[place]
            return (low + (float(bounds[place]) - low) * float(within)) * 1000
    return float(bounds[-1]) * 1000


def _add(values: list[float | None], place: int, value: float) -> None:
    values[place] = (values[place] or 0) + float(value)


def _sum(known: Sequence[float], more: Sequence[float], less: Sequence[float]) -> list[float]:
    length = max(len(known), len(more))

    def at(values: Sequence[float], place: int) -> float:
        return values[place] if place < len(values) else 0

    return [at(known, place) + at(more, place) - at(less, place) for place in range(length)]
