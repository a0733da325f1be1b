"""The names that tables and columns suggest: camelCase, objects in the singular and plural of English."""

import functools
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from fieldstone.metadata.changes.rules.names import derive_name
from fieldstone.metadata.model import capitalised

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ -]*", re.ASCII)
_SHORTEST_PLURAL = 4
_LAST_WORD = re.compile(r"([A-Z]?[a-z]+)$", re.ASCII)


def object_names(table: str, *, longest: int | None = None) -> tuple[str, str]:
    """Return the names of one record and of several: film_actors gives filmActor, filmActors. They always differ.

    Args:
        table: its name.
        longest: letters of the singular; None: as many as the table's name has.
    """
    name = (_derive(table) or "object")[:longest]
    singular = _with_last_word(name, _singular_word)
    return singular, name if singular != name else _with_last_word(name, _plural_word)


def field_name(column: str) -> str:
    """Return the name for the field of a column where it is free: postal_code gives postalCode."""
    return _derive(column) or "field"


def is_respelled(given: str) -> bool:
    """Return whether a derived name has other letters than the one that it was derived from."""
    return not _PLAIN.fullmatch(given) or not _derive(given)


def _derive(given: str) -> str:
    """Return a name, in which capitals only part words: FILM_ACTORS is read as film_actors."""
    return derive_name(given.lower().replace("_", " ") if given.isupper() else given.replace("_", " "))


def _with_last_word(name: str, change: Callable[[str], str]) -> str:
    found = _LAST_WORD.search(name)
    if found is None:
        return change(name)
    word = change(found[1].lower())
    return name[: found.start()] + (capitalised(word) if found[1][0].isupper() else word)


def _singular_word(word: str) -> str:
    """Return the singular of a plural, and any other word as it is."""
    # matrices gives matrix; people stay people.
    singular = _english(is_classical=True).singular_noun(word)
    if not singular or len(word) < _SHORTEST_PLURAL:
        return word
    # The library takes any word for a plural. That of a plural in -s has one more, unlike that of "bus" and "canvas";
    # of the others "data" names a single one as well.
    plural = _english().plural_noun(word)
    is_plural = plural.endswith("ss") if word.endswith("s") else not singular.endswith("um")
    return str(singular) if is_plural else word


def _plural_word(word: str) -> str:
    plural = str(_english().plural_noun(word))
    # News are many already, and "it" is no pronoun here.
    if word.endswith("s") and plural in {word, f"{word}s"}:
        return f"{word}es"
    return plural if plural != word and plural.isalpha() and plural[0] == word[0] else f"{word}s"


@functools.cache
def _english(*, is_classical: bool = False) -> Any:
    """Return the library of English."""
    engine = _import_inflect().engine()
    engine.classical(all=is_classical, persons=False)
    return engine


def _import_inflect() -> Any:
    """Return the library's module without the run-time checks of its arguments.

    For each method that it checks, typeguard parses the whole module, which makes an import of 0.1 s of CPU take 3.6 s.
    """
    typeguard: Any = import_module("typeguard")
    typechecked, typeguard.typechecked = typeguard.typechecked, typeguard.typeguard_ignore
    try:
        return import_module("inflect")
    finally:
        typeguard.typechecked = typechecked
