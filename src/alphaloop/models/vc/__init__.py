"""Scores of events: a small network that listens to a linear teacher. Needs the extra ``torch``."""
