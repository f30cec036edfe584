"""Reconstruction: which inputs have a given output, exactly; and the nearest ones where the output is noisy."""
