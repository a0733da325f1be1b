"""metadata/schema_import/names.py: the names that tables and columns suggest."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.changes.rules.names import check_name
from fieldstone.metadata.schema_import.names import field_name, is_respelled, object_names


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("films", ("film", "films")),
        ("film_actors", ("filmActor", "filmActors")),
        ("FILM_ACTORS", ("filmActor", "filmActors")),
        ("filmActors", ("filmActor", "filmActors")),
        ("company", ("company", "companies")),
        ("people", ("person", "people")),
        ("children", ("child", "children")),
        ("houses", ("house", "houses")),
        ("status", ("status", "statuses")),
        ("bus", ("bus", "buses")),
        ("buses", ("bus", "buses")),
        ("canvas", ("canvas", "canvases")),
        ("analyses", ("analysis", "analyses")),
        ("matrices", ("matrix", "matrices")),
        ("schemas", ("schema", "schemas")),
        ("movies", ("movie", "movies")),
        ("data", ("data", "datas")),
        ("news", ("news", "newses")),
        ("series", ("series", "serieses")),
        ("it", ("it", "its")),
        ("as", ("as", "ases")),
        ("Große Häuser", ("grosseHauser", "grosseHausers")),
        ("ærø_œuvre", ("aeroOeuvre", "aeroOeuvres")),
        ("łódź", ("lodz", "lodzzes")),
        ("Đorđe þing", ("dordeThing", "dordeThings")),
        ("日本", ("object", "objects")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_gives_a_singular_and_a_plural(table: str, names: tuple[str, str]) -> None:
    assert object_names(table) == names


@pytest.mark.parametrize(
    ("column", "name", "is_other"),
    [
        ("postal_code", "postalCode", False),
        ("POSTAL_CODE", "postalCode", False),
        ("Opening Hours", "openingHours", False),
        ("Straße", "strasse", True),
        ("größe_in_m²", "grosseInM2", True),
        ("2nd", "nd", True),
        ("x" * 64, "field", True),
        ("#", "field", True),
    ],
)
def test_a_column_gives_a_name(column: str, name: str, *, is_other: bool) -> None:
    assert (field_name(column), is_respelled(column)) == (name, is_other)


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=63))
def test_any_name_gives_one_that_is_allowed(given_name: str) -> None:
    singular, plural = object_names(given_name)
    assert singular != plural
    assert check_name(singular, "name") is None
    assert check_name(field_name(given_name), "name") is None


@pytest.mark.long
def test_english_is_imported_when_a_name_needs_it() -> None:
    script = "import sys, fieldstone.engine.server.cli as c; c.serve, c.import_schema; print('inflect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "False\n"


def test_english_is_imported_without_the_parses_of_its_module() -> None:
    script = (
        "import ast, fieldstone.metadata.schema_import.names as names; parsed = []; parse = ast.parse;"
        "ast.parse = lambda *given, **more: parsed.append(given) or parse(*given, **more);"
        "print(names.object_names('people'), sum('class engine' in text for text, *_ in parsed))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "('person', 'people') 0\n"
