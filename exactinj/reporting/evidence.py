"""A certificate on a page: where it is, its digest, and the commands that check it."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from exactinj.certificates.certificate import Certificate
from exactinj.certificates.conv_proof_text import proof_pieces
from exactinj.certificates.document import FORMAT, VERSION
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.report.answer import Commands, Facts, Link, Paragraph, Part, Section

__all__ = ["STDOUT", "Kept", "Setting", "Subject", "evidence_section", "kept_file", "way_from"]

PIECE = 1 << 20  # bytes
PROVED_RULES = ("collision", "flat-tree", "sign-split", "blocks", "packing")
ALONE = (
    "With the checker alone, one file of standard Python that shares no code with the program "
    "(exactinj/checker/checker.py; copy it anywhere):"
)
FILE_ENDINGS = (".npz", ".npy", ".json", ".csv")  # that the one-file checker reads
CASE = "casebook:"
STDOUT = "standard output"
NO_FILE = (
    "There is a certificate, but it was not kept: this page then asks you to believe the program. "
    "Ask again with {option}, and the certificate can be checked without it."
)


@dataclass(frozen=True)
class Subject:
    """What a report is about, as users call it.

    Attributes
    ----------
    name : the title of the page
    file : the layer as a command names it; None where there is no file, such as for standard input
    file_format : of that file, where its name does not tell
    is_whole : whether the file alone holds the layer: a kernel file may leave out what options said
    option : how a certificate is asked for
    """

    name: str
    file: str | None = None
    file_format: str | None = None
    is_whole: bool = True
    option: str = "--out FILE"

    @property
    def arguments(self) -> str:
        """The layer after a certificate on a command line of ``exactinj``."""
        if self.file is None or not self.is_whole:
            return ""
        return f" {shlex.quote(self.file)}" + ("" if self.file_format is None else f" --format {self.file_format}")

    @property
    def plain_file(self) -> str:
        """The same for the one-file checker, which knows files alone, by their names."""
        is_known = (self.file or "").endswith(FILE_ENDINGS) and not (self.file or "").startswith(CASE)
        return f" {shlex.quote(self.file or '')}" if is_known and self.is_whole else ""


@dataclass(frozen=True)
class Kept:
    """A certificate that was written: its place as users name it, SHA-256 and size of what is there."""

    file: str
    digest: str
    size: int


@dataclass(frozen=True)
class Setting:
    """Where a page is going to be, and what it may show.

    Attributes
    ----------
    page : the file of the page, from which links lead
    kept : where the certificate was written; None if it was not
    has_pictures : False leaves out the pictures that may take long to draw
    """

    page: str | os.PathLike[str]
    kept: Kept | None = None
    has_pictures: bool = True


def kept_file(path: str | os.PathLike[str]) -> Kept:
    """What is said of a certificate's file; it is read once, piece by piece."""
    digest, size = hashlib.sha256(), 0
    with Path(path).open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return Kept(os.fspath(path), digest.hexdigest(), size)


def way_from(page: str | os.PathLike[str], file: str) -> str:
    """The address of a file from where a page is."""
    return quote(Path(os.path.relpath(file, Path(page).parent)).as_posix())


def evidence_section(certificate: LayerCertificate | None, subject: Subject, setting: Setting) -> Section:
    """The section about the certificate: its file and how to check that, or why there is none."""
    if certificate is None:
        words = "There is no certificate: nothing was proved, so there is nothing to check."
        return Section("Evidence", (Paragraph(words),))
    rule, kept = _rule(certificate), setting.kept
    about = (("claim", certificate.claim), ("rule", rule), ("format", f"{FORMAT}, version {VERSION}"))
    if kept is None:
        return Section("Evidence", (Facts(about), Paragraph(NO_FILE.format(option=subject.option))))
    place = kept.file if kept.file == STDOUT else Link(kept.file, way_from(setting.page, kept.file))
    facts = (("certificate", place), ("SHA-256 of the file", kept.digest), ("size", f"{kept.size:,} bytes"), *about)
    return Section("Evidence", (Facts(facts), *_how_to_check(certificate, rule, kept, subject)))


def _rule(certificate: LayerCertificate) -> str:
    """The rule of the proof, as ``docs/certificates.md`` names it."""
    found = re.match(r'\{"rule": "([^"]+)"', next(iter(proof_pieces(certificate.proof))))
    return found[1] if found else type(certificate.proof).__name__


def _how_to_check(certificate: LayerCertificate, rule: str, kept: Kept, subject: Subject) -> tuple[Part, ...]:
    file = shlex.quote("CERTIFICATE" if kept.file == STDOUT else kept.file)
    intro = (
        "Each of these reads the certificate and decides again whether the claim follows; exit status 0 is valid, "
        "4 rejected. Run them in the folder in which the certificate has this name."
    )
    rows = [
        ("With the independent checker:", f"exactinj check {file}{subject.arguments}"),
        (
            ALONE,
            f"python -I checker.py {file}{subject.plain_file}",
        ),
        (
            "Fast, for long proofs, with compiled code that is not the search's:",
            f"exactinj check --fast {file}{subject.arguments}",
        ),
    ]
    unproved = ""
    if _has_proved_rule(certificate, rule):
        proved = "With the checker that is proved correct in Coq, where its program is built (make -C proof):"
        rows.append((proved, f"exactinj check --proved {file}{subject.arguments}"))
    else:
        unproved = f"The checker that is proved correct in Coq has no rule for this certificate ({rule}). "
    rows.append(("That the file is the one this page speaks of:", f"sha256sum {file}"))
    return Paragraph(intro), Commands(tuple(rows)), *_remarks(unproved, subject)


def _remarks(unproved: str, subject: Subject) -> tuple[Paragraph, ...]:
    own = ""
    if subject.file is not None and not subject.is_whole:
        own = (
            f"To check it against {subject.file} as well, write what the options said (stride, padding and so on) "
            "into that file."
        )
    elif not subject.arguments:
        own = "To check that it speaks of your layer, name your layer's file after the certificate."
    text = f"{unproved}{own}".strip()
    return (Paragraph(text, is_quiet=True),) if text else ()


def _has_proved_rule(certificate: LayerCertificate, rule: str) -> bool:
    is_plain = getattr(certificate.proof, "epsilon", None) is None  # of a packing
    return isinstance(certificate, Certificate) and rule in PROVED_RULES and is_plain
