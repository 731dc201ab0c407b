"""Telemetry's meaning, against what the recorded runs really did."""
