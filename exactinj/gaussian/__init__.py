"""Layers with independent standard normal weights: how likely they are to be injective."""
