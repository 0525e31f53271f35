"""The data lake: every fact that happened, with two times and its provenance.

Append-only, idempotent Delta tables under one folder. Reads are as of a time; nothing here
computes what a feature could, and nothing here decides.
"""
