"""Chains from data to verdict, and the trials they stand.

So far the tribunal: does anything that claims to be known at an instant use what came later?
"""
