"""The rules of the house that neither ruff nor mypy knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SOURCES = ("engine", "metadata", "sql")
_LONGEST = 400
_BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
_BANNED_MARKS = {"skip", "skipif", "xfail", "importorskip"}
_BANNED_MODULES = {"mock", "unittest.mock", "pytest_mock"}


def _modules(*packages: str) -> list[Path]:
    found = [path for package in packages for path in sorted((_ROOT / package).rglob("*.py"))]
    return [path.relative_to(_ROOT) for path in found if "node_modules" not in path.parts]


def _parse(module: Path) -> ast.Module:
    return ast.parse((_ROOT / module).read_text(encoding="utf-8"))


def test_no_module_is_too_long() -> None:
    lengths = {module: len((_ROOT / module).read_text(encoding="utf-8").splitlines()) for module in _modules(*_SOURCES)}
    assert lengths
    assert {module: length for module, length in lengths.items() if length > _LONGEST} == {}


def test_each_module_says_in_its_name_what_it_is_about() -> None:
    assert [module for module in _modules(*_SOURCES, "tests") if _BANNED_NAMES & {*module.parts, module.stem}] == []


def test_each_package_is_typed() -> None:
    assert [package for package in _SOURCES if not (_ROOT / package / "py.typed").exists()] == []


def test_packages_are_packages_all_the_way_down() -> None:
    folders = {module.parent for module in _modules(*_SOURCES, "tests")}
    assert [folder for folder in sorted(folders) if not (_ROOT / folder / "__init__.py").exists()] == []


def _shortcuts(module: Path) -> Iterator[str]:
    for node in ast.walk(_parse(module)):
        match node:
            case ast.Attribute(value=ast.Name(id="pytest"), attr=name) if name in _BANNED_MARKS:
                yield f"{module}:{node.lineno}: pytest.{name}"
            case ast.Attribute(value=ast.Attribute(attr="mark"), attr=name) if name in _BANNED_MARKS:
                yield f"{module}:{node.lineno}: pytest.mark.{name}"
            case ast.Import(names=names):
                for alias in names:
                    if alias.name in _BANNED_MODULES:
                        yield f"{module}:{node.lineno}: {alias.name}"
            case ast.ImportFrom(module=origin, names=names):
                for alias in names:
                    if {origin, f"{origin}.{alias.name}"} & _BANNED_MODULES:
                        yield f"{module}:{node.lineno}: {origin}.{alias.name}"
            case _:
                pass


def test_tests_neither_mock_nor_skip() -> None:
    assert [shortcut for module in _modules("tests") for shortcut in _shortcuts(module)] == []


def test_only_packages_own_empty_or_public_inits() -> None:
    """An `__init__.py` holds at most a docstring, imports and `__all__`."""
    allowed = (ast.Import, ast.ImportFrom)
    for module in _modules(*_SOURCES):
        if module.name != "__init__.py":
            continue
        for node in _parse(module).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_all = isinstance(node, ast.Assign) and [ast.unparse(name) for name in node.targets] == ["__all__"]
            assert is_docstring or is_all or isinstance(node, allowed), f"{module}:{node.lineno}"
