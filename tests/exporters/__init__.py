"""Mirror `exporters`."""
