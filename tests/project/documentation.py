"""The fenced blocks of the documentation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.project.modules import ROOT

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One fenced block; ``place`` is its file and line."""

    place: str
    language: str
    options: tuple[str, ...]
    text: str


def pages() -> list[Path]:
    """Return all pages of the documentation."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def snippets(*languages: str) -> Iterator[Snippet]:
    """Yield the blocks in one of the languages, in order."""
    for page in pages():
        content = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(content):
            language, *options = match["info"].split() or [""]
            if language in languages:
                line = content.count("\n", 0, match.start()) + 1
                text = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
                yield Snippet(
                    place=f"{page.relative_to(ROOT)}:{line}", language=language, options=tuple(options), text=text
                )
