"""Sampled estimates of alpha*: Monte Carlo Bias Estimation and its data-driven variants. Estimates, never proofs."""

from exactinj.sampling.estimate import AlphaEstimate
from exactinj.sampling.run import alpha_on, sample_alpha

__all__ = ["AlphaEstimate", "alpha_on", "sample_alpha"]
