"""Values and derivatives of a network at single places, exactly, without the rest of it.

Two inputs that differ in a few entries differ, later on, in few entries as long as ReLUs and poolings shut them out.
What is needed of a large network is then small: the values of the places that are reached, and what these read. All
numbers are integers over one denominator for each value of the network, which the weights alone determine.
"""

from exactinj.networks.sparse.agreement import agreement_at_places
from exactinj.networks.sparse.steps import offset_of, reached, scale_of, slopes_at, terms_of, windows_of
from exactinj.networks.sparse.terms import Integers, Places, Terms
from exactinj.networks.sparse.values import PlaceValues

__all__ = [
    "Integers",
    "PlaceValues",
    "Places",
    "Terms",
    "agreement_at_places",
    "offset_of",
    "reached",
    "scale_of",
    "slopes_at",
    "terms_of",
    "windows_of",
]
