"""Named SQL text: parameters by their names, and nothing that no module runs."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from fieldstone.sql.queries import NamedStatement, named_statement, read_queries
from tests.sql.driving import opened

HERE = Path(__file__).parents[2]
FILES = [path.relative_to(HERE) for room in ("engine", "metadata") for path in (HERE / room).rglob("queries.sql")]
UNKNOWN = UUID("018f0000-0000-7000-8000-000000000001")


def build(text: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> NamedStatement:
    """Return the query `ask` of a file that holds it, another one and two fragments, in a package of its own."""
    # A name of its own: Python keeps the packages that it has imported.
    package = path / f"asked_{path.name}"
    package.mkdir()
    (package / "__init__.py").touch()
    shared = "-- fragment: shared\n-- Its meaning.\n%(a)s::int << 1\n\n-- fragment: sum\n<<shared>> + %(b)s::int\n"
    (package / "queries.sql").write_text(f"-- name: other\nSELECT 1;\n\n{shared}\n-- name: ask\n-- Why.\n{text};\n")
    monkeypatch.syspath_prepend(path)
    read_queries.cache_clear()
    return named_statement(f"{package.name}.module", "ask")


async def test_a_fragment_stands_in_the_statements_that_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = build("SELECT <<shared>>, <<shared>>", tmp_path, monkeypatch)
    assert asked.statement.text == "SELECT $1::int << 1, $1::int << 1"
    assert read_queries(f"asked_{tmp_path.name}.module").keys() == {"other", "ask"}


async def test_a_fragment_stands_in_further_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = build("SELECT <<sum>>", tmp_path, monkeypatch)
    assert asked.statement.text == "SELECT $1::int << 1 + $2::int"


@pytest.mark.parametrize("name", ["unknown", "other"])
async def test_only_a_fragment_above_a_statement_stands_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(KeyError, match=name):
        build(f"SELECT <<{name}>>", tmp_path, monkeypatch)


async def test_values_are_bound_by_their_names(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = build(
        "SELECT %(b)s::int + %(a)s::float8, %(b)s::int %% 4, %(c)s::text, %(d)s::uuid[], %(e)s::int[], %(f)s::text",
        tmp_path,
        monkeypatch,
    )
    assert asked.names == ("b", "a", "c", "d", "e", "f")
    assert asked.statement.text == "SELECT $1::int + $2::float8, $1::int % 4, $3::text, $4::uuid[], $5::int[], $6::text"
    async with opened(empty_database) as database:
        rows = await database.read(*asked.bind(a=0.5, b=7, c='{"', d=[UNKNOWN], e=[1, 2], f=None), share=None)
    assert rows == [(b"7.5", b"3", b'{"', b"{%s}" % str(UNKNOWN).encode(), b"{1,2}", None)]


@pytest.mark.parametrize("values", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_other_names_than_those_of_the_parameters_are_refused(
    values: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = build("SELECT %(a)s::int, %(b)s::int", tmp_path, monkeypatch)
    with pytest.raises(TypeError, match="a, b"):
        asked.bind(**values)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_query_is_run_by_a_module_and_has_one_parameter_style(path: Path) -> None:
    texts = read_queries(f"fieldstone.{'.'.join(path.parent.parts)}.module")
    code = "\n".join(module.read_text() for room in ("engine", "metadata") for module in (HERE / room).rglob("*.py"))
    assert {name for name in texts if f'"{name}"' not in code} == set()
    assert {name for name, text in texts.items() if re.search(rb"\$\d", text)} == set()
    written = path.read_text()
    assert {
        one for one in re.findall(r"^-- fragment: (\w+)$", written, re.MULTILINE) if f"<<{one}>>" not in written
    } == set()


def test_a_query_is_sent_without_the_comment_before_it() -> None:
    moving = named_statement("fieldstone.engine.events.log.sequencer", "move_events")
    assert moving.statement.text.startswith("WITH head")
