"""The paths that the documentation and docstrings name are there."""

import re
from pathlib import Path

from tests.project.documentation import pages
from tests.project.modules import ROOT, SOURCES, docstrings, modules

_PATH = re.compile(r"(?:`|<br>)((?:engine|metadata|sql|tests|benchmarks|docs)/[\w./-]*)[`:\"]")
_PATH_IN_CODE = re.compile(r"(?<![\w/.])((?:engine|metadata|sql|tests|benchmarks|docs)/[\w./-]*\w)")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_UNSEEN = re.compile(r"[^\w\- ]")
_DRAWING = re.compile(r"^## Layers$.*?^```$(.*?)^fieldstone/", re.MULTILINE | re.DOTALL)
_MARGIN = 13
_EXAMPLES = {"tests/golden/NAME.graphql", "benchmarks/results/", "benchmarks/.work"}
"""Paths that stand for any name, and those that exist once something has been made."""


def test_the_paths_that_are_named_are_there() -> None:
    named = [(page, path) for page in pages() for path in _PATH.findall(page.read_text(encoding="utf-8"))]
    assert len(named) > 20
    assert [one for one in named if one[1] not in _EXAMPLES and not (ROOT / one[1]).exists()] == []


def test_the_paths_that_docstrings_name_are_there() -> None:
    named = [
        (f"{module}:{line}", path)
        for module in modules(*SOURCES, "tests", "benchmarks")
        for line, text in docstrings(module)
        for path in _PATH_IN_CODE.findall(text)
    ]
    assert len(named) > 20
    assert [one for one in named if one[1] not in _EXAMPLES and not (ROOT / one[1]).exists()] == []


def test_the_drawing_of_the_layers_has_each_folder() -> None:
    drawing = _DRAWING.search((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))
    assert drawing is not None
    drawn, package = set(), ""
    for line in drawing[1].splitlines():
        package = line[:_MARGIN].strip(" /") or package
        drawn |= {ROOT / package / name for name in re.split("  +", line[_MARGIN:])[0].split() if name.endswith("/")}
    assert drawn == {path.parent for package in SOURCES for path in (ROOT / package).glob("*/__init__.py")}


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {_UNSEEN.sub("", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_to_pages_and_headings() -> None:
    linked = [(page, *link) for page in pages() for link in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(linked) > 10
    for page, target, anchor in linked:
        if "://" not in target:
            path = page.parent / target if target else page
            place = f"{page.relative_to(ROOT)}: {target}#{anchor}"
            assert path.exists(), place
            assert not anchor or anchor in _anchors(path), place
