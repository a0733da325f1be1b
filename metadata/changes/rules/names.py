"""The rules for names, and the physical names that follow from them."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from fieldstone.metadata.api_names import AGGREGATE_ENDING
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.model import capitalised
from fieldstone.sql.identifiers import MAXIMUM_BYTES

NAME_RULE: Final = "a name starts with a lower-case letter, and letters and digits (a-z, A-Z, 0-9) follow"

IMPORTS: Final = "imports"
"""The address of import jobs in REST, which no object has as its plural."""

_NAME = re.compile(r"[a-z][a-zA-Z0-9]*", re.ASCII)
_HASH_DIGITS = 10

# Unicode parts "ä" into a letter and its dots, but not these.
_WHOLE_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th", "ŋ": "ng", "Ŋ": "Ng"}
    | {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ŧ": "t", "Ŧ": "T", "ĸ": "k", "ƒ": "f", "ə": "e", "Ə": "E"}
)

# https://www.postgresql.org/docs/current/ddl-system-columns.html
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


def check_name(name: str, argument: str, *, longest_suffix: str = "") -> InvalidChange | None:
    """Return the fault of a name by itself.

    Args:
        name: the name.
        argument: the input that it was given in.
        longest_suffix: the longest text that is put behind it to name a column.
    """
    if not _NAME.fullmatch(name):
        if suggestion := derive_name(name):
            return InvalidChange(
                f'{argument} cannot be "{_shown(name)}": {NAME_RULE}; {suggestion} would pass',
                field=argument,
                suggestion=suggestion,
            )
        return InvalidChange(f'{argument} cannot be "{_shown(name)}": {NAME_RULE}', field=argument)
    longest = MAXIMUM_BYTES - len(longest_suffix)
    if len(name) > longest:
        derived = f" (its column is called {name[:8]}...{longest_suffix})" if longest_suffix else ""
        return InvalidChange(
            f"{argument} is {len(name)} characters long: PostgreSQL's names end at {MAXIMUM_BYTES} bytes, so at most"
            f" {longest} would pass{derived}",
            field=argument,
        )
    return None


def derive_name(label: str) -> str:
    """Return the camelCase name that a label or another text suggests: "Team members" gives teamMembers.

    It is empty if the text has no letters, or too many.
    """
    name = join_words(label)
    return name if len(name) <= MAXIMUM_BYTES else ""


def join_words(label: str) -> str:
    """Return the words of a label in camelCase, which may be too long for a name."""
    folded = unicodedata.normalize("NFKD", label.translate(_WHOLE_LETTERS)).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", folded)
    joined = "".join(map(capitalised, words)).lstrip("0123456789")
    return joined[:1].lower() + joined[1:]


def derive_label(name: str) -> str:
    """Return a label for a camelCase name: firstName gives "First name"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return capitalised(" ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split()))


def labelled(name: str, type_: FieldType, description: str, icon: str, **more: Any) -> Mapping[str, Any]:
    """Return the values of a field, its label made of its name."""
    values = {"name": name, "label": derive_label(name), "type": type_, "description": description, "icon": icon}
    return {**values, **more}


def column_suffixes(field_type: FieldType) -> tuple[str, ...]:
    """Return the endings of a field's columns behind its physical name ("" for a plain column)."""
    entry = FIELD_TYPES[field_type]
    return tuple(capitalised(sub.name) if sub.name else "" for sub in entry.subfields) or ("",)


def claimed_names(name: str, field_type: FieldType, *, holds_key: bool) -> Iterator[str]:
    """Yield the names that a field takes for itself in its object: its own and those derived from it."""
    yield name
    if holds_key:
        yield f"{name}Id"
    elif field_type in RELATIONS:
        yield name + AGGREGATE_ENDING
    if FIELD_TYPES[field_type].composite:
        yield from (name + suffix for suffix in column_suffixes(field_type))


def choose_physical(wanted: str, is_used: Callable[[str], bool], suffixes: Iterable[str] = ("",)) -> str:
    """Return `wanted`, or the first of wanted2, wanted3 ... whose names (with every suffix) were never used.

    The result with its longest suffix fits into PostgreSQL's 63 bytes; `wanted` is cut where a number needs the room.
    """
    endings = tuple(suffixes)
    room = MAXIMUM_BYTES - max(map(len, endings))
    number = 1
    while True:
        digits = "" if number == 1 else str(number)
        name = wanted[: room - len(digits)] + digits
        if not any(is_used(name + ending) for ending in endings):
            return name
        number += 1


def index_name(table: str, columns: Iterable[str], kind: str) -> str:
    """Return the physical name of an index or constraint.

    Names of tables and columns have no underscore, so it is nobody else's; where it is too long, its middle gives way
    to a hash of the whole.
    """
    name = "_".join((table, *columns, kind))
    if len(name) <= MAXIMUM_BYTES:
        return name
    ending = f"_{sha256(name.encode()).hexdigest()[:_HASH_DIGITS]}_{kind}"
    return name[: MAXIMUM_BYTES - len(ending)] + ending


def _shown(name: str) -> str:
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 80 else f"{text[:77]}..."
