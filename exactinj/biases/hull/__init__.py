"""The convex-hull bias: facets of the hull of the unit rows, their exact bias, and local reconstruction."""
