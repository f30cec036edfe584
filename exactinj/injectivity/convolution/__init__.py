"""Deciding convolutions: for every input size at once where that is possible, for one size otherwise."""
