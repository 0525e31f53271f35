"""The chain of backbones: seven forecasters on one contract, one budget and one walk, side by side.

settings  what may be set, and the budget that is the same for all
learners  ridge over a window's rows, and networks over windows
chain     which backbones are walked, which are missing and why, and which becomes the candidate
report    the leaderboard, and how honest the quantiles are
"""
