"""Say what telemetry of AI agents means: records in, facts out.

Everything here is pure. The vocabulary is data (`*.json`); what no table can say is a small named function.
"""
