"""Mirror session directories into the database, one way: nothing is ever written to them (seed 001)."""
