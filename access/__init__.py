"""Say who may do what: tokens, what each is for, and who showed one.

Pure: no store, no network; time and randomness come from the caller.
It promises that a token is compared by its hash in constant time, and that guessing is slowed down by address.
"""
