"""Test each part alone, and the whole over loopback."""
