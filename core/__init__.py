"""Hold what every floor stands on: errors, config sections, counters, the task loop.

Nothing here does I/O or imports another folder of this project.
"""
