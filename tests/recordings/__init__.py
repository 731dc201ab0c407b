"""Recordings that are built, where no real one can be had."""
