"""Refuter or point: the exact alternative that every search rests on."""
