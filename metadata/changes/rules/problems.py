"""What is wrong with a change, collected so that one answer names it all."""

from collections.abc import Iterable

from fieldstone.metadata.errors import InvalidChange, NameTaken
from fieldstone.metadata.json_text import unstorable


class Problems:
    """The refusals found so far."""

    def __init__(self) -> None:
        self._found: list[InvalidChange] = []

    def add(self, *problems: InvalidChange | None) -> None:
        """Take in what was found; None is nothing."""
        self._found.extend(problem for problem in problems if problem is not None)

    def raise_any(self) -> None:
        """Raise what was found as one error, with the first one's field.

        Raises:
            InvalidChange: there is something; NameTaken where that is all about taken names.
        """
        if not self._found:
            return
        if len(self._found) == 1:
            raise self._found[0]
        kind = NameTaken if all(isinstance(problem, NameTaken) for problem in self._found) else InvalidChange
        raise kind("; ".join(problem.message for problem in self._found), field=self._found[0].field)


def check_label(label: str, argument: str) -> InvalidChange | None:
    """Return what is wrong with a label: it must not be blank."""
    if not label.strip():
        return InvalidChange(f"{argument} must not be blank; any other text would pass", field=argument)
    return check_text(label, argument)


def check_text(text: str | None, argument: str) -> InvalidChange | None:
    """Return what is wrong with a text that is only shown."""
    if text is not None and (reason := unstorable(text)):
        return InvalidChange(f"{argument} {reason}", field=argument)
    return None


def check_texts(texts: Iterable[tuple[str | None, str]]) -> Iterable[InvalidChange]:
    """Yield what is wrong with texts that are only shown, given with their arguments' names."""
    return (problem for text, argument in texts if (problem := check_text(text, argument)))
