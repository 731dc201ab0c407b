"""Forget on purpose: what is swept when, and what is never swept."""
