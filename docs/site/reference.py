"""The reference: every public name once, grouped by subject; pages are made of the docstrings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path

PUBLIC = (  # all of what these export has a place
    "exactinj",
    "exactinj.torch",
    "exactinj.plotting",
    "exactinj.sampling.samplers",
    "exactinj.sampling.covering",
    "exactinj.sampling.measures",
    "exactinj.gaussian",
    "exactinj.gaussian.thresholds",
    "exactinj.sweep",
    "exactinj.files.export",
)


CONSTANTS = {
    "CONJECTURED": "6.698, the m / n at which Gaussian layers become injective as n grows, by physics [MBBDN23].",
    "FORMS": "What ``extrapolate`` can fit to m_50 / n: ``1/n``, ``1/n + 1/n^2``, ``n^(-2/3)``, ``log n / n``.",
}


@dataclass(frozen=True)
class Group:
    """One page: names of one or several modules, as ``module: name name``, or all that a module exports."""

    file: str
    title: str
    about: str
    lines: tuple[str, ...]

    def names(self) -> list[tuple[str, str]]:
        """(module, name), in order."""
        found = []
        for line in self.lines:
            module, _, words = line.partition(": ")
            names = words.split() or import_module(module).__all__
            found += [(module, name) for name in names if (module, name) not in _AT_HOME]
        return found


_AT_HOME = {("exactinj.sampling.samplers", name) for name in ("KernelDensity", "Smoothing")}

GROUPS = (
    Group(
        "deciding",
        "Deciding injectivity",
        "Is `x -> ReLU(Wx + b)` injective on a domain? A proof, a colliding pair, or an honest `unknown`.",
        ("exactinj: certify Result Verdict Statistics Engine Answer Collision FloatReplay make_injective Repair",),
    ),
    Group(
        "certificates",
        "Certificates",
        "Evidence in files, and the independent checker. [Certificates](../certificates.md) specifies the format.",
        ("exactinj: check CheckResult Certificate ConvCertificate NetworkCertificate read_certificate",),
    ),
    Group(
        "layers",
        "Layers and networks",
        "What is decided: exact weights, and what they do to a point.",
        (
            "exactinj: ReLULayer ConvLayer Sizes doubled ResidualBlock DenseNetwork Leaky Network",
            "exactinj: random_projection Projection",
        ),
    ),
    Group(
        "domains",
        "Domains",
        "Where injectivity is asked: convex sets for verdicts; spheres and shells for biases and samples only.",
        (
            "exactinj: Region Domain RealSpace NonnegativeOrthant Ball NonnegativeBall Box Polytope Sphere Shell",
            "exactinj: parse_domain",
        ),
    ),
    Group(
        "biases",
        "Biases",
        "Exact `alpha*`, the convex-hull bias, and what samples estimate of them.",
        (
            "exactinj: alpha_star AlphaStar hull_bias HullBias pointwise_bias alpha_on compare Comparison",
            "exactinj: sample_alpha AlphaEstimate Smoothing KernelDensity Surd",
        ),
    ),
    Group(
        "sampling",
        "Sampling",
        "Distributions to draw from, the covering radius that makes a theorem of a sample, and measures. Estimates.",
        ("exactinj.sampling.samplers", "exactinj.sampling.covering", "exactinj.sampling.measures"),
    ),
    Group(
        "inversion",
        "Reconstruction",
        "The inputs with a given output: one, several or none.",
        ("exactinj: invert Inversion InversionStatus",),
    ),
    Group(
        "stability",
        "Stability and frame bounds",
        "Both Lipschitz constants of a layer, enclosed, and the frame bounds of its rows.",
        (
            "exactinj: stability Stability stability_between stability_on_data DataStability DataCell",
            "exactinj: frame_bounds FrameBounds",
        ),
    ),
    Group(
        "networks",
        "Scans of models, and reports",
        "Every layer of a model, then the model; a page about any answer. See [networks](../networks.md).",
        ("exactinj: scan ScanResult LayerRow NetworkAnswer write_report",),
    ),
    Group(
        "wedges",
        "Wedges",
        "The pieces into which the rows cut the space, exactly.",
        ("exactinj: wedges count_wedges extreme_rays wedge_graph",),
    ),
    Group(
        "files",
        "Files",
        "Layers and models from files, and the question in other tools' formats. See [files](../files.md).",
        (
            "exactinj: read_layer read_kernels",
            "exactinj.files.onnx: read_onnx",
            "exactinj.files.checkpoints: read_checkpoint Checkpoint CheckpointLayer",
            "exactinj.files.export: to_smtlib to_vnnlib",
        ),
    ),
    Group(
        "torch",
        "exactinj.torch",
        "For training loops. All of it is in the floats of the layer; `certify` decides what was trained.",
        ("exactinj.torch",),
    ),
    Group(
        "plotting",
        "exactinj.plotting",
        "Pictures. Functions take matplotlib's axes, or a figure, and return them; extra `plot`.",
        ("exactinj.plotting",),
    ),
    Group(
        "gaussian",
        "exactinj.gaussian",
        "Random layers at finite n: trials decided exactly, counts with intervals, closed formulas.",
        ("exactinj.gaussian",),
    ),
    Group(
        "thresholds",
        "exactinj.gaussian.thresholds",
        "From which ratio m / n on random layers are injective, for n to infinity. Floats, nothing sampled.",
        ("exactinj.gaussian.thresholds",),
    ),
    Group(
        "sweep",
        "exactinj.sweep",
        "Many random layers on a grid, resumable.",
        ("exactinj.sweep",),
    ),
    Group(
        "errors",
        "Errors and versions",
        "A message says what was found, what was expected and what to do.",
        ("exactinj: about ExactinjError InputError CertificateError MissingExtraError InternalError",),
    ),
)


def unplaced() -> list[str]:
    """Public names without a place, and names with more than one; nothing if all is well."""
    placed = [entry for group in GROUPS for entry in group.names()]
    twice = [f"{module}.{name} stands twice" for module, name in placed if placed.count((module, name)) > 1]
    wanted = {(module, name) for module in PUBLIC for name in import_module(module).__all__} - _AT_HOME
    return sorted({*twice, *(f"{module}.{name} has no page" for module, name in wanted - set(placed))})


@cache
def targets() -> dict[str, str]:
    """From what a docstring may call a thing to its full name; methods as ``Class.method``."""
    found: dict[str, str] = {}
    for group in GROUPS:
        for module, name in group.names():
            thing, full = getattr(import_module(module), name), f"{module}.{name}"
            found.setdefault(name, full)
            if isclass(thing):
                for member, value in vars(thing).items():
                    if not member.startswith("_") and _has_words(value):
                        found.setdefault(f"{name}.{member}", f"{full}.{member}")
    return found


def _has_words(member: object) -> bool:
    inner = getattr(member, "__func__", getattr(member, "fget", getattr(member, "func", member)))
    return isfunction(inner) and bool(inner.__doc__)


def write_reference(folder: Path) -> list[str]:
    """Write the pages into a folder; returns their names for the table of contents."""
    problems = unplaced()
    if problems:
        raise ValueError(f"docs/site/reference.py: {'; '.join(problems)}")
    folder.mkdir(parents=True, exist_ok=True)
    for group in GROUPS:
        (folder / f"{group.file}.md").write_text(_page(group), encoding="utf-8")
    (folder / "index.md").write_text(_index(), encoding="utf-8")
    return [group.file for group in GROUPS]


def _page(group: Group) -> str:
    body = "\n\n".join(_directive(module, name) for module, name in group.names())
    return f"# {group.title}\n\n{group.about}\n\n{body}\n"


def _directive(module: str, name: str) -> str:
    thing = getattr(import_module(module), name)
    if name in CONSTANTS:
        return f"```{{eval-rst}}\n.. py:data:: {module}.{name}\n\n   {CONSTANTS[name]}\n```"
    return f"```{{eval-rst}}\n.. {'autoclass' if isclass(thing) else 'autofunction'}:: {module}.{name}\n```"


def _index() -> str:
    lines = []
    for group in GROUPS:
        names = ", ".join(f"`{name}`" for _, name in group.names())
        lines.append(f"| [{group.title}]({group.file}.md) | {names} |")
    table = "\n".join(["| subject | names |", "| --- | --- |", *lines])
    return (
        "# Reference\n\nEvery public name, by subject, from its docstring. Names of `exactinj` itself come "
        f"from there: `import exactinj as xi`, then `xi.certify`.\n\n{table}\n"
    )
