"""The import graph: data flows one way, the checker is an island, start-up is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import exactinj

PACKAGE = Path(exactinj.__file__).parent
# The house, from the ground up. A module may import from its own room and from rooms on lower floors.
FLOORS = (
    ("errors", "checker"),
    ("work", "exact"),
    ("domains", "layers", "kernels"),
    ("certificates", "files", "report", "fastcheck", "provedcheck", "inversion"),
    ("alternatives", "biases", "versions"),
    ("cells", "sampling"),
    ("injectivity", "lipschitz"),
    ("networks",),
    ("comparison",),
    ("api",),
    ("sweep", "casebook"),
    ("gaussian",),
    ("plotting",),
    ("reporting",),
    ("cli", "torch"),
)
ENTRANCES = ("__init__", "__main__")
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if "_casebook" not in path.parts)


def floor_of(room):
    return next(k for k, rooms in enumerate(FLOORS) if room in rooms)


@cache
def syntax(path):
    """The nodes of a module's syntax tree that the tests look at."""
    tree = ast.parse((PACKAGE / path).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert)]


def imported_pairs(path):
    """Whatever a file imports, inside functions and for type checkers too: modules, and the names in them or None."""
    for node in syntax(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: relative import"
            assert not node.level, f"{path}: relative import"
            yield from ((node.module, alias.name) for alias in node.names)


def imported_names(path):
    for module, name in imported_pairs(path):
        yield module
        if name is not None:
            yield f"{module}.{name}"


def module_name(path):
    return ".".join(("exactinj", *(part for part in path.with_suffix("").parts if part != "__init__")))


NAMES = {module_name(path): path for path in MODULES}


@cache
def imported_modules(path):
    """The modules of the package that a file imports."""
    pairs = ((module, f"{module}.{name}") for module, name in imported_pairs(path))
    found = {inner if inner in NAMES else module for module, inner in pairs}
    return (found & NAMES.keys()) - {module_name(path)}


def room_of(name):
    parts = name.split(".")[1:]
    return parts[0] if parts and any(parts[0] in rooms for rooms in FLOORS) else None


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_lead_downstairs(path):
    own = path.with_suffix("").parts[0]
    if own in ENTRANCES:
        return
    for name in imported_names(path):
        room = room_of(name) if name.startswith("exactinj.") else None
        assert room is None or room == own or floor_of(room) < floor_of(own), f"{path} imports {name}"


def test_every_module_has_a_place():
    for path in MODULES:
        room = path.with_suffix("").parts[0]
        assert room in ENTRANCES or floor_of(room) >= 0


def test_every_room_of_the_house_is_there():
    rooms = {path.with_suffix("").parts[0] for path in MODULES} - set(ENTRANCES)
    assert rooms == {room for rooms in FLOORS for room in rooms}


def test_modules_do_not_import_each_other_in_a_circle():
    """Kahn's algorithm: modules that import nothing which is left are taken away until none is left."""
    left = {name: imported_modules(path) for name, path in NAMES.items()}
    while free := [name for name, imported in left.items() if not imported & left.keys()]:
        for name in free:
            del left[name]
    assert not left, f"circles among {sorted(left)}"


def test_evidence_takes_no_step_back_into_an_engine():
    """Certificates hold data: neither what proposes nor what searches can be reached from them."""
    search = {"alternatives", "cells", "injectivity", "kernels", "biases", "sampling", "checker", "api"}
    for name in NAMES:
        if room_of(name) == "certificates":
            reached = everything_under(name)
            assert not {other for other in reached if room_of(other) in search}, name


def everything_under(name):
    """The modules that one imports, and those import."""
    found, waiting = set(), [name]
    while waiting:
        for other in imported_modules(NAMES[waiting.pop()]) - found:
            found.add(other)
            waiting.append(other)
    return found


@pytest.mark.parametrize("name", ["tree", "sign_split", "finder", "milp.engine", "auto", "blocks", "parallel"])
def test_engines_know_no_convolutions(name):
    reached = everything_under(f"exactinj.injectivity.{name}")
    assert not {other for other in reached if "conv" in other or "every_size" in other}


def test_the_checker_is_an_island():
    for path in MODULES:
        if path.parts[0] == "checker":
            for name in imported_names(path):
                assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("exactinj.checker"), path
    alone = {name.split(".")[0] for name in imported_names(Path("checker/checker.py"))}
    assert alone <= sys.stdlib_module_names


def test_no_assert_in_the_package():
    for path in MODULES:
        assert not any(isinstance(node, ast.Assert) for node in syntax(path)), path


def loaded_after(statement):
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_is_light():
    assert not {"numpy", "numba", "scipy", "flint", "torch", "matplotlib"} & loaded_after("import exactinj")


def test_checking_does_not_load_the_compiler():
    assert not {"numba", "scipy", "torch"} & loaded_after("import exactinj; exactinj.check")


def test_everything_exported_exists():
    for name in exactinj.__all__:
        assert getattr(exactinj, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        exactinj.nonsense  # noqa: B018
    assert set(exactinj.__all__) <= set(dir(exactinj))
