"""Biases that make a layer injective, exactly: alpha* and the convex hull."""
