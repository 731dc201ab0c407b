"""Mirror `schema`."""
