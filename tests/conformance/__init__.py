"""Hold the receiver to each of the 128 requirements, by name: `test_R06_…` covers row R06."""
