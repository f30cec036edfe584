"""Engines: one file per way to decide, one interface."""
