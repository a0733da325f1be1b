"""The sources of the console: its documents, its colours, and the rules that neither TypeScript nor Biome holds."""

import itertools
import re
from pathlib import Path

import pytest
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, build_schema, parse, print_schema, validate

from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from tests.eager_schema import eager_schema
from tests.models import metadata_snapshot, standard_snapshot
from tests.project.modules import ROOT

_UI = ROOT / "engine" / "server" / "console" / "ui"
_APP = _UI / "app"
_SOURCES = sorted(path for path in _APP.rglob("*") if path.suffix in {".ts", ".tsx"} and path.name != "assets.d.ts")
_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")
_TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
_LONGEST = 300
_OF_CORE = {"tail.graphql"}
"""The documents of the Core API that are about no object; those about one are built from the model."""
_NEWCOMER = ROOT / "tests" / "engine" / "server" / "console" / "test_newcomer.py"
_MOST_BYTES = 1_000_000
"""Of all pictures of the tutorial."""


def _imports(path: Path) -> list[str]:
    return _IMPORT.findall(path.read_text(encoding="utf-8"))


def test_react_aria_is_imported_by_component_and_by_the_kit_alone() -> None:
    found = [(path.relative_to(_APP).as_posix(), name) for path in _SOURCES for name in _imports(path)]
    aria = [(path, name) for path, name in found if name.startswith("react-aria")]
    assert len(aria) > 10
    assert [one for one in aria if one[1] == "react-aria-components" or not one[0].startswith("kit/")] == []


def test_requests_are_sent_by_one_folder() -> None:
    sends = re.compile(r"\b(fetch\(|new WebSocket|new EventSource|XMLHttpRequest|sendBeacon)")
    found = [path.relative_to(_APP).as_posix() for path in _SOURCES if sends.search(path.read_text(encoding="utf-8"))]
    assert found
    # A snippet is the text of a program, which the console never runs.
    assert [path for path in found if not path.startswith("api/")] == ["pages/snippets/snippets.ts"]


def test_a_module_has_at_most_300_lines() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _SOURCES}
    assert [(path.name, count) for path, count in lines.items() if count > _LONGEST] == []


_VALUE_IMPORT = re.compile(r"""^(?:import|export)(?! type)[^"';]*?from "(\.[^"]+\.ts)";""", re.MULTILINE)
_VALUE_EXPORT = re.compile(r"^export (?!type|interface)", re.MULTILINE)
_NOT_PURE = re.compile(r"""from "(?:react|@tanstack|react-router)|\.graphql"|\b(?:document|window)\.""")


def _imported(path: Path) -> set[Path]:
    """Return the modules whose values a module imports: types alone are gone when it runs."""
    return {(path.parent / name).resolve() for name in _VALUE_IMPORT.findall(path.read_text(encoding="utf-8"))}


def test_every_pure_module_runs_in_a_unit_test() -> None:
    modules = {path for path in _SOURCES if path.suffix == ".ts" and not path.name.endswith(".test.ts")}
    # The hooks of React have files of their own.
    functions = {path for path in modules if not path.name.startswith("use_")}
    texts = {path: path.read_text(encoding="utf-8") for path in functions}
    # Types alone are gone when a program runs.
    pure = {path for path, text in texts.items() if not _NOT_PURE.search(text) and _VALUE_EXPORT.search(text)}
    assert len(pure) > 50
    reached, new = set[Path](), {path for path in _SOURCES if path.name.endswith(".test.ts")}
    while new:
        reached |= new
        new = {one for path in new for one in _imported(path) if one.suffix == ".ts"} - reached
    assert sorted(path.relative_to(_APP).as_posix() for path in pure - reached) == []


@pytest.fixture(scope="module")
def metadata_schema() -> GraphQLSchema:
    """The schema of the Metadata API as clients print it."""
    return build_schema(print_schema(eager_schema(metadata_snapshot(), METADATA_MUTATIONS)))


@pytest.fixture(scope="module")
def core_schema() -> GraphQLSchema:
    """The schema of the Core API of a workspace that is as it was made."""
    return eager_schema(standard_snapshot())


def test_the_documents_are_valid_and_named(metadata_schema: GraphQLSchema, core_schema: GraphQLSchema) -> None:
    documents = {path: parse(path.read_text(encoding="utf-8")) for path in sorted(_APP.rglob("*.graphql"))}
    documents = {path: document for path, document in documents.items() if "testdata" not in path.parts}
    assert documents
    for path, document in documents.items():
        schema = core_schema if path.name in _OF_CORE else metadata_schema
        assert [error.message for error in validate(schema, document)] == [], path
        names = [name for name in _operation_names(document) if not re.fullmatch(r"Console[A-Z]\w+", name)]
        assert names == [], path


def test_the_requests_of_the_first_steps_are_valid(metadata_schema: GraphQLSchema) -> None:
    text = (_APP / "pages" / "start" / "steps.ts").read_text(encoding="utf-8")
    steps = re.findall(r'endpoint: "(/\w+)",\n\s+query:\s+\'(.+)\',', text)
    assert [endpoint for endpoint, _ in steps] == ["/metadata", "/graphql", "/metadata", "/metadata"]
    for endpoint, query in steps:
        if endpoint == "/metadata":
            assert [error.message for error in validate(metadata_schema, parse(query))] == [], query


def test_the_tutorial_shows_each_of_its_pictures_in_their_order() -> None:
    tutorial = ROOT / "docs" / "tutorial"
    pictures = sorted((tutorial / "images").glob("*.webp"))
    shown = re.findall(r"!\[[^]]+\]\(images/([\w-]+\.webp)\)", (tutorial / "in-the-browser.md").read_text("utf-8"))
    taken = re.findall(r"pictures\.take\(\"([\w-]+)\"\)", _NEWCOMER.read_text("utf-8"))
    assert shown == [picture.name for picture in pictures]
    assert sorted(name[3:-5] for name in shown) == sorted(taken)
    assert sum(picture.stat().st_size for picture in pictures) < _MOST_BYTES


def _operation_names(document: DocumentNode) -> list[str]:
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return [node.name.value if node.name else "" for node in found]


def _tokens() -> dict[str, tuple[str, str]]:
    text = (_APP / "styles" / "tokens.css").read_text(encoding="utf-8")
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(text)}


def _luminance(colour: str) -> float:
    """Return the relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


_GROUNDS = ("bg", "panel", "raised", "hover", "accent-soft")
_LEAST = (
    *((text, ground, 4.5) for text, ground in itertools.product(("text", "muted", "accent", "danger"), _GROUNDS)),
    *(("control", ground, 3.0) for ground in _GROUNDS[:3]),
    *((word, f"{word}-soft", 4.5) for word in ("danger", "warn", "info")),
    *(("text", f"{word}-soft", 7.0) for word in ("danger", "warn", "info")),
    ("on-accent", "accent", 4.5),
    ("bg", "danger", 4.5),
)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_colours_can_be_told_apart(theme: int) -> None:
    tokens = _tokens()
    options = [name for name in tokens if name.startswith("option-")]
    assert len(options) == 10
    pairs = (*_LEAST, *(("text", option, 9.0) for option in options))
    low = [
        (one, other, round(_contrast(tokens[one][theme], tokens[other][theme]), 2), least)
        for one, other, least in pairs
        if _contrast(tokens[one][theme], tokens[other][theme]) < least
    ]
    assert low == []
