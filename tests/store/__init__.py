"""Mirror `store`."""
