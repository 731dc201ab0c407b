"""Mirror `privacy`."""
