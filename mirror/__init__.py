"""Mirror session directories into the database, one way: nothing is ever written to them (seed 001).

The files are the truth. What they say is kept as rows under the session's id; what cannot be read is told once,
and the last good rows stay. Knows neither SQL nor HTTP; reading what a directory held is apart from reading the disk.
"""
