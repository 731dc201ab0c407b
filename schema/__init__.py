"""Say what is kept: rows, and the way from OTLP bytes to rows and back.

Everything here is pure: bytes and times come in, rows go out.
An item that can be kept is kept; what had to be mended is named in its `repaired` column;
an item that cannot be kept becomes a Rejection and costs its neighbours nothing.
"""
