"""Each module can be the first to be imported: no circle is hidden by the order of imports.

The rooms on each level import in one direction, and no module imports from the `__init__` around it: a circle of
modules would break one of the two.
"""

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.project.modules import SOURCES, imports, modules

Names = tuple[str, ...]


@pytest.mark.parametrize("package", SOURCES)
def test_no_module_imports_a_name_from_a_room_that_it_stands_in(package: str) -> None:
    """The `__init__` of a room may import the room's modules, so that they cannot wait for its names."""
    offered = {
        module.parent: {name for _, _, name in imports(module)}
        for module in modules(package)
        if module.stem == "__init__"
    }
    found = [
        f"{module}:{line}: {origin} {name}"
        for module in modules(package)
        for line, origin, name in imports(module)
        if module.stem != "__init__"
        and (room := Path(*origin.split(".")[1:])) in module.parents
        and name in offered.get(room, ())
    ]
    assert sum(map(len, offered.values())) > 5
    assert found == []


@pytest.mark.parametrize("package", SOURCES)
def test_what_stands_in_a_room_imports_in_one_direction(package: str) -> None:
    """Its modules and rooms have an order in which each imports only modules before it, down to the last room."""
    rooms: defaultdict[Names, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module in modules(package):
        own = module.parent.parts if module.stem == "__init__" else module.with_suffix("").parts
        for _, origin, name in imports(module):
            for one in (origin, f"{origin}.{name}"):
                other = tuple(one.removeprefix("fieldstone.").split("."))
                shared = next(
                    (n for n, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), min(len(own), len(other))
                )
                if other[0] == package and shared < min(len(own), len(other)):
                    rooms[own[:shared]][own[shared]].add(other[shared])
    assert len(rooms) > 5
    for room, imported in rooms.items():
        try:
            TopologicalSorter(imported).prepare()
        except CycleError as error:
            pytest.fail(f"a circle in {'/'.join(room)}: {' <- '.join(error.args[1])}")
