"""The options of a field, as the cells of a spreadsheet have them: by their values or their labels."""

import re
from collections.abc import Sequence

from graphql.pyutils import did_you_mean

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.known_names import find_close
from fieldstone.metadata.model import Field, Option
from fieldstone.metadata.scalars import shown

_LISTED = 12
"""Options that a message lists."""
_MOST_SEARCHES = 100
"""Cells of a column whose refusals get a hint: a search takes milliseconds, and a file may have any number of them."""
_BETWEEN = re.compile("[,;]")


class OptionNames:
    """Finds the options of a field by their values, and by their labels in any case.

    A value goes before a label, so that an export comes back as it was.

    Args:
        field: has the options.
        title: the column, as messages name it.
    """

    def __init__(self, field: Field, title: str) -> None:
        self._title = title
        self._options = sorted(field.options, key=lambda option: option.position)
        self._values = {option.value for option in self._options}
        self._searches = 0
        self._by_label: dict[str, list[Option]] = {}
        for option in self._options:
            self._by_label.setdefault(_plain(option.label), []).append(option)

    def read(self, cell: str) -> str:
        """Return the value of the option that a text names.

        Raises:
            BadUserInput: it names none, or several have it as their label.
        """
        text = cell.strip()
        if text in self._values:
            return text
        found = self._by_label.get(_plain(text), [])
        if len(found) > 1:
            # "Maße" and "Masse" are labels of two options, and differ by their case alone.
            found = [option for option in found if option.label == text] or found
        if len(found) == 1:
            return found[0].value
        if found:
            raise BadUserInput(
                f"'{self._title}' has several options with the label {shown(text)}: {_list(found)}. Give the value of"
                " one.",
                field=self._title,
            )
        raise BadUserInput(
            f"'{self._title}' must be an option by its value or its label, not {shown(text)}; it takes"
            f" {_list(self._options)}.{did_you_mean(self._find_close(text))}",
            field=self._title,
        )

    def split(self, cell: str) -> list[str]:
        """Return the names of options in a text: the one that it is, or those between its commas and semicolons.

        Some programs write a separator behind the last name, or before the first: no name stands there. Between two
        separators an empty name stands, which is no option's: a name may have been lost.
        """
        if cell.strip() in self._values or _plain(cell) in self._by_label:
            return [cell]
        names = _BETWEEN.split(cell)
        first, last = not names[0].strip(), not names[-1].strip()
        return names[first : len(names) - last] or [cell]

    def _find_close(self, text: str) -> list[str]:
        self._searches += 1
        if self._searches > _MOST_SEARCHES:
            return []
        labels = {name: option.label for option in self._options for name in (option.value, option.label)}
        return [*dict.fromkeys(labels[name] for name in find_close(text, labels))]


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())


def _list(options: Sequence[Option]) -> str:
    names = [
        option.value if _plain(option.value) == _plain(option.label) else f"{option.value} ('{option.label}')"
        for option in options[:_LISTED]
    ]
    more = len(options) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
