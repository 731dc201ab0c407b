"""Hold implementations to what their protocols promise."""
