"""A second checker of certificates, for long ones: compiled, and exact all the same (`docs/fast-checker.md`)."""

from exactinj.fastcheck.check import check_file, check_stream

__all__ = ["check_file", "check_stream"]
