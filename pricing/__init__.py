"""Say what one model call cost, exactly, and where the figure comes from.

A call is priced alone, at the price of its time: a tier depends on the size of the single request, so sums cannot be
priced. What is not known is None, never 0. Money is a whole number of nano-dollars (`money`); odd counts never raise.
The only thing read is the catalogue that genai-prices ships; nothing is fetched, and the clock is not looked at.
"""
