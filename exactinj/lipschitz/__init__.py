"""How far a ReLU layer shrinks and stretches distances, with proofs on both sides (`docs/mathematics.md`)."""
