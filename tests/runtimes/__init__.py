"""Say for each agent runtime how to point it at the collector, and what its recordings hold."""
