"""Prove what is forgotten, and what never is."""
