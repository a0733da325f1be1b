"""A clock for the parts that are given one."""


class Clock:
    """A clock that is put forward by hand; in seconds."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
