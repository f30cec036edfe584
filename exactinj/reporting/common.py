"""What every report says: versions, and what is exact on the page and what is not."""

from __future__ import annotations

import platform

from exactinj import __version__
from exactinj.report.answer import Facts, Paragraph, Section, Table

__all__ = ["small_print"]

NUMBERS = (
    "A layer is taken as the numbers that are stored: a float is the binary fraction that it is. What is proved is "
    "proved for real arithmetic on these numbers; rounding, when the layer is evaluated in floats, is another question."
)


def small_print(rows: tuple[tuple[str, str], ...]) -> tuple[Section, ...]:
    """The last sections: what is exact and what an estimate, as (what, which), and the versions."""
    exact = Section("What is exact", (Table(("on this page", "is"), rows), Paragraph(NUMBERS, is_quiet=True)))
    versions = (("exactinj", __version__), ("Python", platform.python_version()))
    return exact, Section("Made with", (Facts(versions),))
