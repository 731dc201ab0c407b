"""Measure the daemon: fixed load, the floor beside it, one JSON result a run.

Everything runs on one machine: the daemon is a process of its own, the senders are another, and both share its cores.
A run that lost a row fails; it gives no figure.
"""
