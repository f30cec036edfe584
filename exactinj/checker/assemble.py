"""Makes ``checker.py``, the checker in one file that runs alone, of the modules of this folder.

    python -m exactinj.checker.assemble

Each module stands there word for word, in an order in which names are known before they are used, with its docstring
as a heading; the imports of the standard library are merged at the top, those between the modules dropped.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

__all__ = ["PARTS", "assembled"]

FOLDER = Path(__file__).parent
OURS = "exactinj.checker."
RULES = (
    "collision",
    "flat_tree",
    "sign_split",
    "packing",
    "blocks",
    "window_packing",
    "stages",
    "depth_tree",
    "gram",
    "boxes",
    "periodic",
    "patch",
    "geometric",
    "count",
    "unpaired",
    "p_matrix",
    "orientation",
    "cell_pairs",
    "composition",
    "rank",
    "graph_composition",
)
PARTS = (
    "faults",
    "limits",
    "rationals",
    "stream",
    "rows",
    "domains",
    "trees",
    "supports",
    "cones",
    "convolution",
    "residual",
    "network",
    "graph",
    "dependencies",
    "definite",
    *(f"rules/{rule}" for rule in RULES),
    *(
        f"reading/{part}"
        for part in ("layer", "domain", "convolution", "residual", "network", "proofs", "gram", "graph")
    ),
    "document",
    *(f"files/{part}" for part in ("texts", "arrays", "layers", "kernels", "residuals", "networks", "graphs")),
    "command",
)
HEADING = '''\
"""Re-check an exactinj certificate: standard library only, no code shared with the package.

    python -I checker.py CERTIFICATE [LAYER]

Written from docs/certificates.md, version 1, docs/certificates-convolution.md and docs/certificates-network.md. This
file runs alone. It is made of the modules in the folder exactinj/checker, in which it stands, by
`python -m exactinj.checker.assemble`: change those.

The parts: {parts}.
"""

from __future__ import annotations

{imports}

'''
ENDING = """

if __name__ == "__main__":
    sys.exit(main())
"""
RULE = "# " + "-" * 66


def assembled() -> str:
    """The text of ``checker.py``. Raises ValueError if two modules give different things one name."""
    plain, chosen, names = set[str](), dict[str, set[str]](), dict[str, str]()
    bodies = []
    for part in PARTS:
        text = (FOLDER / f"{part}.py").read_text()
        tree = ast.parse(text)
        _gather_imports(tree, plain, chosen)
        for name in _defined(tree):
            if name in names:
                raise ValueError(f"{part}.py and {names[name]}.py both define {name}: rename one")
            names[name] = part
        bodies.append(f"{_heading(part, tree)}\n\n{_body(text, tree)}")
    listed = textwrap.fill(", ".join(PARTS), width=118, initial_indent=" " * len("The parts: ")).strip()
    head = HEADING.format(parts=listed, imports=_imports(plain, chosen))
    return head + "\n\n\n".join(bodies) + "\n" + ENDING


def _gather_imports(tree: ast.Module, plain: set[str], chosen: dict[str, set[str]]) -> None:
    for node in tree.body:
        if isinstance(node, ast.Import):
            plain.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__" and not _is_ours(node):
            chosen.setdefault(str(node.module), set()).update(alias.name for alias in node.names)


def _is_ours(node: ast.ImportFrom) -> bool:
    return str(node.module).startswith(OURS)


def _imports(plain: set[str], chosen: dict[str, set[str]]) -> str:
    lines = [f"import {name}" for name in sorted(plain)]
    lines += [f"from {module} import {', '.join(sorted(chosen[module]))}" for module in sorted(chosen)]
    return "\n".join(lines)


def _defined(tree: ast.Module) -> list[str]:
    """The names that the module gives to something, `__all__` left out."""
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [name for name in names if name != "__all__"]


def _heading(part: str, tree: ast.Module) -> str:
    """The docstring of the module as comments."""
    lines = (ast.get_docstring(tree) or "").splitlines()
    return "\n".join([f"{RULE} {part}", *(f"# {line}".rstrip() for line in lines)])


def _body(text: str, tree: ast.Module) -> str:
    """The module without docstring, imports and `__all__`."""
    lines = text.splitlines()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or node is tree.body[0] or _is_all(node):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    body = "\n".join(lines).strip("\n")
    while "\n\n\n\n" in body:
        body = body.replace("\n\n\n\n", "\n\n\n")
    return body


def _is_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]


if __name__ == "__main__":
    (FOLDER / "checker.py").write_text(assembled())
