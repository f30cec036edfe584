"""Layers and networks of layers: the objects that questions are asked about, with exact rational weights."""
