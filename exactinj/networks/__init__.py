"""Whole networks: exact decisions about chains of layers."""
