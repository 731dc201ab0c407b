"""Run the whole thing as its users do."""
