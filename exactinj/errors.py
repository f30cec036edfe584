"""The errors of exactinj: one root, few children.

An exception means that something was asked that cannot be done. An undecided layer is no
exception: it is a result with the verdict ``unknown`` or ``timed_out`` and a reason.
"""

from __future__ import annotations

__all__ = ["CertificateError", "ExactinjError", "InputError", "InternalError", "MissingExtraError"]


class ExactinjError(Exception):
    """Root of all errors that exactinj raises on purpose."""


class InputError(ExactinjError, ValueError):
    """The input cannot be used; the message says what was found, expected, and what to do."""


class CertificateError(ExactinjError, ValueError):
    """A file is not a certificate that can be read."""


class MissingExtraError(ExactinjError, ImportError):
    """A feature needs an optional dependency; the message names the extra to install."""


class InternalError(ExactinjError, RuntimeError):
    """Exact arithmetic contradicted something the program holds for proven: a bug, please report."""
