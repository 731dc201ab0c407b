"""Answer questions about what agents did, and take what programs tell themselves: functions, and HTTP under /api/v1.

A question reads through a `ReadSide` and is bounded; a write is a `Changes` that the one writer applies whole.
Must not know how records arrive or how they are derived.
"""
