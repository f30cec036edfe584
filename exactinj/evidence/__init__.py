"""What engines hand over: colliding pairs, proofs, and certificates that carry them."""
