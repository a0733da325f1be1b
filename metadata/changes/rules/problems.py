"""The problems of a change, collected so that one answer names them all."""

from fieldstone.metadata.errors import InvalidChange, NameTaken


class Problems:
    """The refusals found so far."""

    def __init__(self) -> None:
        self._found: list[InvalidChange] = []

    def add(self, *problems: InvalidChange | None) -> None:
        """Add problems; None is none."""
        self._found.extend(problem for problem in problems if problem is not None)

    def refuse(self, field: str, message: str) -> None:
        """Add the refusal of an input."""
        self.add(InvalidChange(message, field=field))

    def raise_any(self) -> None:
        """Raise the problems as one error, with the first one's field.

        Raises:
            InvalidChange: there are problems; NameTaken where all are about taken names.
        """
        if not self._found:
            return
        if len(self._found) == 1:
            raise self._found[0]
        kind = NameTaken if all(isinstance(problem, NameTaken) for problem in self._found) else InvalidChange
        first = self._found[0]
        message = "; ".join(problem.message for problem in self._found)
        raise kind(message, field=first.field, suggestion=first.suggestion)
