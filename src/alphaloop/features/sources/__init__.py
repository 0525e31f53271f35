"""Features that come from more than bars: one file per kind of fact, each a source family.

Every family reads the rows of one symbol and says what was known at its decision times,
as :mod:`alphaloop.features.facts` lays down. None knows another; the contract lists them.
"""
