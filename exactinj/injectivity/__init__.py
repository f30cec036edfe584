"""Deciding injectivity: one engine a file behind one interface."""
