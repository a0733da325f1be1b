"""Percentiles of the measures."""

from collections.abc import Sequence
from statistics import median


def middle(values: Sequence[float]) -> float:
    """Return the median, 0 where there is nothing."""
    return median(values) if values else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share is not above, 0 where there is nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
