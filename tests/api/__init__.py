"""Prove what the API answers: its parts by themselves, and over HTTP with the real service."""
