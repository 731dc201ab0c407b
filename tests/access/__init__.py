"""Mirror `access`."""
