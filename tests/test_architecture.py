"""The import graph: data flows one way, the checker is an island, start-up is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import exactinj

PACKAGE = Path(exactinj.__file__).parent
# A module may import from its own layer and the ones before it.
LAYERS = (
    ("errors", "checker", "work", "kernels"),
    ("exact",),
    ("domains", "layers"),
    ("certificates", "files"),
    ("alternatives",),
    ("cells",),
    ("injectivity",),
    ("biases", "sampling"),
    ("comparison",),
    ("api",),
    ("sweep",),
    ("plotting",),
    ("casebook",),
    ("cli",),
)
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if "_casebook" not in path.parts)


def layer_of(parts):
    return next(k for k, names in enumerate(LAYERS) if parts[0] in names)


def imported_modules(path):
    tree = ast.parse((PACKAGE / path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_flow_one_way(path):
    parts = path.with_suffix("").parts
    if parts[0] in ("__init__", "__main__"):
        return
    for name in imported_modules(path):
        inside = name.split(".")[1:]
        if name.startswith("exactinj.") and any(inside[0] in names for names in LAYERS):
            assert layer_of(inside) <= layer_of(parts), f"{path} imports {name}"


def test_every_module_has_a_place():
    for path in MODULES:
        parts = path.with_suffix("").parts
        assert parts[0] in ("__init__", "__main__") or layer_of(parts) >= 0


def test_the_checker_is_an_island():
    for path in MODULES:
        if path.parts[0] == "checker":
            for name in imported_modules(path):
                assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("exactinj.checker"), path
    alone = {name.split(".")[0] for name in imported_modules(Path("checker/checker.py"))}
    assert alone <= sys.stdlib_module_names


def test_no_assert_in_the_package():
    for path in MODULES:
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse((PACKAGE / path).read_text()))), path


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
