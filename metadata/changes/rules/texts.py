"""The rules for names, labels and other texts, each as its member's shape has it."""

from collections.abc import Iterator, Mapping

from fieldstone.metadata.changes.members import Member, Shape
from fieldstone.metadata.changes.rules.names import check_name
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.shown_text import find_problem


def check_texts(values: Mapping[Member, object], *, longest_suffix: str = "") -> Iterator[InvalidChange]:
    """Yield the refusals of names, labels and texts; `longest_suffix` as in `check_name`."""
    for member, value in values.items():
        if isinstance(value, str):
            match member.shape:
                case Shape.NAME:
                    problem = check_name(value, member.name, longest_suffix=longest_suffix)
                case Shape.LABEL:
                    problem = check_label(value, member.name)
                case Shape.TEXT:
                    problem = check_text(value, member.name)
                case _:
                    continue
            if problem:
                yield problem


def check_not_null(values: Mapping[Member, object]) -> Iterator[InvalidChange]:
    """Yield the refusals of nulls for members that cannot be without a value."""
    return (
        InvalidChange(f"{member.name} must not be null; leave it out to keep it", field=member.name)
        for member, value in values.items()
        if value is None and not member.takes_null
    )


def check_label(label: str, argument: str) -> InvalidChange | None:
    """Return the problem of a label: it must not be blank."""
    if not label.strip():
        return InvalidChange(f"{argument} must not be blank; any other text would pass", field=argument)
    return check_text(label, argument)


def check_text(text: str | None, argument: str) -> InvalidChange | None:
    """Return the problem of a text that is only shown."""
    if text is not None and (reason := find_problem(text, is_description=argument == "description")):
        return InvalidChange(f"{argument} {reason}", field=argument)
    return None
