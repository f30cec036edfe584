"""Repair: an injective layer close to one that is not, with its proof."""

from exactinj.networks.repair.repair import METHODS, make_injective
from exactinj.networks.repair.result import Repair

__all__ = ["METHODS", "Repair", "make_injective"]
