"""Mirror `web`: pages as text, and in a browser."""
