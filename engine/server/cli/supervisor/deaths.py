"""The deaths of workers: the backoff before the next start, and the number of deaths that is too many."""

from typing import Final

_FIRST: Final = 0.1
_LONGEST: Final = 10.0
_FORGOTTEN: Final = 60.0
"""Seconds of a worker's life after which the deaths before it count no more."""
_EARLY: Final = 10.0
_MOST_EARLY: Final = 5


class Deaths:
    """The deaths in a row of workers that nobody had asked to end.

    Attributes:
        is_hopeless: whether five workers in a row have ended within 10 seconds of their start, and none serves.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._early = 0
        self.is_hopeless = False

    def note(self, life: float, *, is_served: bool = False) -> float:
        """Note the death of a worker after so many seconds of life; return the seconds until the next start.

        Args:
            life: its seconds.
            is_served: whether another worker serves.
        """
        if life >= _FORGOTTEN:
            self._pause, self._early = 0.0, 0
        self._early = self._early + 1 if life < _EARLY else 0
        self.is_hopeless = self._early >= _MOST_EARLY and not is_served
        return self.back_off()

    def back_off(self) -> float:
        """Return the seconds until the next start, twice those before."""
        self._pause = min(_LONGEST, 2 * self._pause or _FIRST)
        return self._pause
