"""Chain A: events of companies, scored. The documented label is a function of its first feature and says so;
the honest one asks for a later deal.
"""
