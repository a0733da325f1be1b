"""Documents in portions, each for one call of the work thread, so that others get their turn between them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_PORTION: Final = 50_000
"""Characters of the documents of one call."""


def portions(documents: Iterable[T], text_of: Callable[[T], str]) -> Iterator[Sequence[T]]:
    """Yield documents, some at a time."""
    portion: list[T] = []
    characters = 0
    for document in documents:
        portion.append(document)
        characters += len(text_of(document))
        if characters > _PORTION:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
