"""Send to the running service with the exporters that people really use, each through the same scenarios."""
