"""Send each of the 95 bad inputs, by number: `test_row_34_…` covers row 34; the neighbours must survive."""
