"""How much memory a process has over time, and whether that grows."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """MiB at so many seconds from the start."""

    at: float
    memory: float


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many MiB the memory grows in a minute: the least squares' line through the samples.

    Raises:
        ValueError: there are fewer than two samples.
    """
    if len(samples) < 2:
        raise ValueError("a slope takes two samples")
    middle = sum(sample.at for sample in samples) / len(samples)
    mean = sum(sample.memory for sample in samples) / len(samples)
    spread = sum((sample.at - middle) ** 2 for sample in samples)
    return 60 * sum((sample.at - middle) * (sample.memory - mean) for sample in samples) / spread
