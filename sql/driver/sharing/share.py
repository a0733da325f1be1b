"""A share of the connections of a pool: the callers of a workspace, or of one of its keys."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from fieldstone.sql.driver.pace import Pace

W = TypeVar("W")

_NEWEST: Final = 1 / 16
"""The weight of the newest time in the mean of a share's times."""

_MOST_KEYS: Final = 32
"""Keys of a share that are kept although none of their callers is present: there may be a thousand shares."""


@dataclass(slots=True)
class Group:
    """Shares whose statements all lead to one node behind the server: together they get at most half.

    Attributes:
        in_hand: the connections that their callers have.
        refusal: the reason for which their callers are refused; empty while the node answers.
    """

    in_hand: int = 0
    refusal: str = ""


class Share(Generic[W]):
    """The callers of one workspace, those of one of its keys, or those of either with long statements.

    Attributes:
        whole: the share of all callers of the workspace, which counts their connections and seconds.
        key: that of the callers with the same key; `whole` for those without.
        is_limited: whether it has a limit; only the server's own has none.
        is_long: whether it is the part with long statements.
        is_new: whether it is a key's, and none of its times is known.
        waiting: the callers that wait for one, in the order of their arrival.
        lined_up_at: the time at which its queue began.
        moved_at: the time at which its queue began, or was last served.
        mean: the mean seconds for which its callers keep a connection. It begins at 0, so that the first few, for which
            all is cold, do not make it too long; that of a key begins where that of the whole share is.
        in_hand: the connections that its callers have: of a whole share and of a key with those for long statements.

    Attributes of a whole share and of a key:
        long: the part with long statements; None before there was any.

    Attributes of a whole share:
        keys: the shares of its keys.
        most_keys: how many of them are kept before those without a caller are forgotten.
        latest: the share of the key that has asked last.
        mixed_until: the time until which several keys are present.
        keyless: the connections that no key has.
        long_in_hand: those for long statements.
        lines: its parts with waiting callers; a served one goes to the end.
        long_moved_at: the keys that have connections for long statements, each with the time at which one of these
            began or ended last.
        long_lines: how many of its lines are for long statements.
        queued: the callers that wait in all lines.
        long_queued: those of them with long statements.
        turn: the number of its last turn.
        unknown: the pace of its statements of which nothing else is known, such as the first run of one.
        group: the group that it belongs to; None where no node is behind the server.
        seconds: the time for which its callers have kept connections since they were taken.
        restrained_until: the time until which its statements of some milliseconds are long, too.
        restrained_for: the seconds for which they were to be so last.
        drained_at: the time until which those that waited then run one at a time, too.
        settled_until: the time until which it is not decided again whether it is restrained.
    """

    __slots__ = (
        "drained_at",
        "group",
        "in_hand",
        "is_limited",
        "is_long",
        "is_new",
        "key",
        "keyless",
        "keys",
        "latest",
        "lined_up_at",
        "lines",
        "long",
        "long_in_hand",
        "long_lines",
        "long_moved_at",
        "long_queued",
        "mean",
        "mixed_until",
        "most_keys",
        "moved_at",
        "queued",
        "restrained_for",
        "restrained_until",
        "seconds",
        "settled_until",
        "turn",
        "unknown",
        "waiting",
        "whole",
    )

    def __init__(self, *, is_limited: bool, whole: "Share[W] | None" = None, key: "Share[W] | None" = None) -> None:
        self.whole = whole or self
        self.key = key or self
        self.long: Share[W] | None = None
        self.is_long = key is not None
        self.keys: dict[Hashable, Share[W]] = {}
        self.most_keys = _MOST_KEYS
        self.latest: Share[W] | None = None
        self.mixed_until = 0.0
        self.unknown = Pace()
        self.group: Group | None = None
        self.lines: dict[Share[W], None] = {}
        self.long_moved_at: dict[Share[W], float] = {}
        self.in_hand = self.long_in_hand = self.keyless = self.turn = 0
        self.queued = self.long_queued = self.long_lines = 0
        self.is_limited = is_limited
        self.waiting: deque[W] = deque()
        self.lined_up_at = self.moved_at = 0.0
        self.mean: float = whole.mean if whole is not None and key is None else 0.0
        self.is_new = self.key is not self.whole
        self.seconds = 0.0
        self.restrained_until = self.restrained_for = self.drained_at = self.settled_until = 0.0

    @property
    def held(self) -> int:
        """The connections of the callers that take turns together: those of its key, or all without a key.

        Long statements run one at a time together, so they take turns by those for long ones: a key that always has a
        short statement would get none, while another one, which has nothing else, asks for long ones again and again.
        """
        if self.is_long:
            return self.in_hand
        return self.key.in_hand if self.key is not self.whole else self.whole.keyless

    def note(self, seconds: float) -> None:
        """Note for how long a caller has kept its connection."""
        whole = self.whole
        whole.seconds += seconds
        if self.is_new:
            # The others of its workspace may be slow.
            self.is_new, self.mean = False, min(self.mean, seconds)
        self.mean += (seconds - self.mean) * _NEWEST
        if self is not whole and not self.is_long:
            whole.mean += (seconds - whole.mean) * _NEWEST

    def find(self, key: Hashable) -> "Share[W]":
        """Return the share of one key of this whole share."""
        if (found := self.keys.get(key)) is None:
            if len(self.keys) >= self.most_keys:
                self.keys = {kept: one for kept, one in self.keys.items() if one.is_used}
                # Where most have callers, they are not looked through again for each new one.
                self.most_keys = max(_MOST_KEYS, 2 * len(self.keys))
            found = self.keys[key] = Share(is_limited=True, whole=self)
        return found

    @property
    def is_used(self) -> bool:
        """Whether any of its callers has a connection, or waits for one."""
        return bool(self.in_hand or self.queued or self.waiting or (self.long and self.long.waiting))

    def count(self, connections: int) -> None:
        """Note that its callers have so many connections more, or less."""
        whole, key = self.whole, self.key
        whole.in_hand += connections
        if key is not whole:
            key.in_hand += connections
        else:
            whole.keyless += connections
        if self.is_long:
            self.in_hand += connections
            whole.long_in_hand += connections
        if whole.group is not None:
            whole.group.in_hand += connections


def expect(share: Share[W], pace: Pace) -> float:
    """Return the seconds for which a statement of a share is expected to keep its connection."""
    return pace.seconds or share.whole.unknown.seconds
