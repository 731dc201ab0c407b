"""Keep secrets, and whatever a project does not want kept, from ever being written.

What is masked is masked before the first byte reaches the disk, refused items included; rows say so in `repaired`.
A value that a rule cannot judge in time is not kept. Pure: no store, no network, no clock.
"""
