"""Receive OTLP over gRPC and HTTP and answer with the truth.

Success is sent only after the rows are durable.
Whatever cannot be kept is refused by name, item by item; whatever cannot be taken now is asked for again.
"""
