"""Crash, stop, starve and crowd the real program; what it answered must be there afterwards."""
