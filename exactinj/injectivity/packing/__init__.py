"""Disjoint refuters: proofs for wide layers, under the assumption that the rows are full spark."""
