"""Keep rows: one narrow protocol, one writer, readers that never block it.

A batch is durable when its future resolves, and not before.
No SQL stands outside this folder and `schema/migrations`.
"""
