"""Prove what can be proven of `deploy` without a container engine or a cluster."""
