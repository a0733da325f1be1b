"""Rules of this project that neither ruff nor mypy knows."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.project.modules import ROOT, SOURCES, imports, modules, parse

_LONGEST = 400
_MOST_IN_A_ROOM = 14
_BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
_BANNED_MARKS = {"skip", "skipif", "xfail", "importorskip"}
_BANNED_MODULES = {"mock", "unittest.mock", "pytest_mock"}
_CONSOLE_BUILD = Path("engine/server/console/build.py")


def test_no_module_is_too_long() -> None:
    lengths = {
        module: len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in modules(*SOURCES, "tests")
    }
    assert lengths
    assert {module: length for module, length in lengths.items() if length > _LONGEST} == {}


def test_no_room_has_too_many_modules() -> None:
    rooms = Counter(module.parent for module in modules(*SOURCES) if module.name != "__init__.py")
    assert len(rooms) > 20
    assert {room: number for room, number in rooms.items() if number > _MOST_IN_A_ROOM} == {}


def test_immutable_data_is_made_by_one_decorator() -> None:
    """The methods of a plain dataclass are compiled at each start.

    The supervisor imports nothing of `sql`, and the build of the console nothing of Fieldstone.
    """
    plain = [
        module
        for module in modules(*SOURCES)
        if "@dataclass(frozen=True, slots=True, kw_only=True)\n" in (ROOT / module).read_text(encoding="utf-8")
        and module.parent.name != "supervisor"
    ]
    assert plain == [_CONSOLE_BUILD]


def test_the_console_is_built_before_anything_is_installed() -> None:
    assert [origin for _, origin, _ in imports(_CONSOLE_BUILD) if origin.startswith("fieldstone")] == []


def test_packages_are_imported_by_their_names_below_fieldstone() -> None:
    """A host's own `engine`, `metadata` or `sql` is another module."""
    bare = [
        f"{module}:{line}: {origin}"
        for module in (*modules(*SOURCES, "tests"), *modules("benchmarks"))
        for line, origin, _ in imports(module)
        if origin.partition(".")[0] in SOURCES
    ]
    assert bare == []


def test_no_test_module_imports_another() -> None:
    """Helpers that tests share stand in modules of their own."""
    found = [
        f"{module}:{line}: {origin} {name}"
        for module in modules("tests")
        for line, origin, name in imports(module)
        if origin.startswith("tests.") and "test_" in f"{origin.rpartition('.')[2]} {name}"
    ]
    assert found == []


def test_each_module_says_in_its_name_what_it_is_about() -> None:
    assert [module for module in modules(*SOURCES, "tests") if _BANNED_NAMES & {*module.parts, module.stem}] == []


def test_each_package_is_typed() -> None:
    assert [package for package in SOURCES if not (ROOT / package / "py.typed").exists()] == []


def test_packages_are_packages_all_the_way_down() -> None:
    folders = {module.parent for module in modules(*SOURCES, "tests")}
    assert [folder for folder in sorted(folders) if not (ROOT / folder / "__init__.py").exists()] == []


def _shortcuts(module: Path) -> Iterator[str]:
    for node in ast.walk(parse(module)):
        match node:
            case ast.Attribute(value=ast.Name(id="pytest"), attr=name) if name in _BANNED_MARKS:
                yield f"{module}:{node.lineno}: pytest.{name}"
            case ast.Attribute(value=ast.Attribute(attr="mark"), attr=name) if name in _BANNED_MARKS:
                yield f"{module}:{node.lineno}: pytest.mark.{name}"
            case _:
                pass


def test_tests_neither_mock_nor_skip() -> None:
    assert [shortcut for module in modules("tests") for shortcut in _shortcuts(module)] == []
    mocks = [
        f"{module}:{line}: {origin} {name}"
        for module in modules("tests")
        for line, origin, name in imports(module)
        if {origin, f"{origin}.{name}"} & _BANNED_MODULES
    ]
    assert mocks == []


def _only_imports(node: ast.AST) -> bool:
    """Return whether a node is an import, a list of names, or a stand-in for later imports."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return all(map(_only_imports, [*node.body, *node.orelse]))
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.FunctionDef(name="__getattr__"):
            return True
        case _:
            return isinstance(node, ast.Import | ast.ImportFrom)


def test_only_packages_own_empty_or_public_inits() -> None:
    """An `__init__.py` holds at most a docstring, imports (those at need included) and `__all__`."""
    for module in modules(*SOURCES):
        if module.name != "__init__.py":
            continue
        for node in parse(module).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert is_docstring or _only_imports(node), f"{module}:{node.lineno}"
