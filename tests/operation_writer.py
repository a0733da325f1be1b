"""The text of a drawn operation, and its variables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldstone.metadata.json_text import dumps


@dataclass(frozen=True, slots=True)
class EnumValue:
    """The name of an enum's value."""

    name: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """A value that may be a variable of this type; `other` is one to put in its place."""

    of_type: str
    value: Any
    other: Any
    as_default: bool = False


@dataclass(slots=True)
class Writer:
    """Writes a drawn operation; `lift` makes variables of its arguments, `take_other` gives them their other values."""

    lift: bool
    take_other: bool = False
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)

    def value(self, drawn: Any) -> str:
        """The text of a value."""
        if isinstance(drawn, Lifted):
            if not self.lift:
                return self.value(drawn.value)
            name = f"v{len(self.definitions)}"
            definition = f"${name}: {drawn.of_type}"
            if drawn.as_default:
                definition += f" = {Writer(lift=False).value(drawn.value)}"
            self.definitions.append(definition)
            if not drawn.as_default:
                self.variables[name] = to_json(drawn.other if self.take_other else drawn.value)
            return f"${name}"
        match drawn:
            case EnumValue(name=name):
                return name
            case dict():
                return "{" + ", ".join(f"{name}: {self.value(item)}" for name, item in drawn.items()) + "}"
            case list():
                return "[" + ", ".join(map(self.value, drawn)) + "]"
            case _:
                return dumps(drawn)


def to_json(drawn: Any) -> Any:
    """A drawn value as a client puts it into variables."""
    match drawn:
        case Lifted(value=value):
            return to_json(value)
        case EnumValue(name=name):
            return name
        case dict():
            return {name: to_json(item) for name, item in drawn.items()}
        case list():
            return [to_json(item) for item in drawn]
        case _:
            return drawn


@dataclass(frozen=True, slots=True)
class Selection:
    """One line of a selection set: a field, an inline fragment, or a spread."""

    write: Callable[[Writer], str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A drawn operation."""

    selections: Sequence[Selection]
    fragments: Sequence[tuple[str, str, Sequence[Selection]]]

    def write(self, *, lift: bool, take_other: bool = False) -> tuple[str, dict[str, Any]]:
        """The document and its variables."""
        writer = Writer(lift=lift, take_other=take_other)
        body = write_set(writer, self.selections)
        fragments = [f"fragment {name} on {on} {write_set(writer, lines)}" for name, on, lines in self.fragments]
        head = f"query ({', '.join(writer.definitions)}) " if writer.definitions else ""
        return "\n".join([head + body, *fragments]), writer.variables


def write_set(writer: Writer, selections: Sequence[Selection]) -> str:
    """The text of a selection set."""
    return "{ " + " ".join(selection.write(writer) for selection in selections) + " }"
