"""Say what an agent's words about its work mean: plans, refactors, debugging, experiments, summaries, issue work.

Pure: no clock, no store. The vocabulary is data.
"""
