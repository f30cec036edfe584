"""Collisions of whole networks by descent: floats propose points and pairs, exact arithmetic makes collisions of them.

`descent/search.py` leads from random starts and from colliding pairs of layers to proposals.
"""
