"""Hold what tests share: a running service, OTLP builders, raw clients."""
