"""The answers that wait for clients: one for each group, and all together within a limit."""

from collections import OrderedDict

from fieldstone.engine.events.live.group import LiveAnswer, LiveGroup

MOST_WAITING = 64 << 20
"""Characters of the answers that wait: beyond it the oldest is dropped, and made again when a client asks for it."""


class WaitingAnswers:
    """The groups whose answers wait, the oldest first; the newest is always kept."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[LiveGroup, int] = OrderedDict()
        self.characters = 0

    def keep(self, group: LiveGroup, answer: LiveAnswer) -> None:
        """Keep an answer in the place of the group's former one, until `forget` or until it makes room for newer ones.

        An answer that all of its members have taken counts until the next call.
        """
        self._release()
        self.forget(group)
        group.answer = answer
        self._sizes[group] = len(answer.payload)
        self.characters += len(answer.payload)
        while self.characters > MOST_WAITING and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            self.forget(oldest)

    def forget(self, group: LiveGroup) -> None:
        """Drop the answer of a group."""
        group.answer = None
        self.characters -= self._sizes.pop(group, 0)

    def _release(self) -> None:
        for group in [group for group in self._sizes if group.answer is None]:
            self.forget(group)
