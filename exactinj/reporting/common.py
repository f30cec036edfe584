"""What every report says: versions, and what is exact on the page and what is not."""

from __future__ import annotations

from exactinj.report.answer import Facts, Paragraph, Section, Table
from exactinj.versions import about

__all__ = ["small_print"]

LIBRARIES = ("python-flint", "numpy", "numba")  # that answers depend on
NUMBERS = (
    "A layer is taken as the numbers that are stored: a float is the binary fraction that it is. What is proved is "
    "proved for real arithmetic on these numbers; rounding, when the layer is evaluated in floats, is another question."
)


def small_print(rows: tuple[tuple[str, str], ...]) -> tuple[Section, ...]:
    """The last sections: what is exact and what an estimate, as (what, which), and the versions."""
    exact = Section("What is exact", (Table(("on this page", "is"), rows), Paragraph(NUMBERS, is_quiet=True)))
    found = about()
    libraries = ((name, found.libraries.get(name) or "not installed") for name in LIBRARIES)
    versions = (("exactinj", found.exactinj), ("Python", found.python), *libraries)
    return exact, Section("Made with", (Facts(versions),))
