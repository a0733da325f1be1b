"""The project's modules, and how they are read."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("engine", "metadata", "sql")


def modules(*packages: str) -> list[Path]:
    """Return the modules of the packages, as paths from the root."""
    found = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in found if not {"node_modules", ".work"} & set(path.parts)]


def parse(module: Path) -> ast.Module:
    """Return a module as a tree."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@functools.cache
def imports(module: Path) -> tuple[tuple[int, str, str], ...]:
    """Return the line, the module and the name of each import; `import x` has no name."""
    found: list[tuple[int, str, str]] = []
    for node in ast.walk(parse(module)):
        match node:
            case ast.Import(names=names):
                found += ((node.lineno, alias.name, "") for alias in names)
            case ast.ImportFrom(module=origin, names=names):
                found += ((node.lineno, origin or "", alias.name) for alias in names)
            case _:
                pass
    return tuple(found)


def docstrings(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring, those behind a constant or a member included."""
    for node in ast.walk(parse(module)):
        for one in ast.iter_child_nodes(node):
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str):
                yield one.lineno, one.value.value
