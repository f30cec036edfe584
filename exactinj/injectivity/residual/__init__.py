"""Residual blocks, decided: principal minors of ``I + A B``, cells of the arrangement of ``A x + b``, pairs."""
