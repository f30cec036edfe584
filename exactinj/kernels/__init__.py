"""Compiled code: it knows arrays of numbers, no layers."""
