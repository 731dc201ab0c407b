"""Play one scripted piece of work as Claude Code's documentation says that Claude Code tells of it.

The same story is told three times with the OpenTelemetry SDK: in log events, in spans, and in both.
Ids, times and numbers are fixed, so that telling it again gives the same requests.
"""
