"""Words: texts of news and posts, as numbers that a family can count.

Shared by the families of events and of posts; nothing here knows a decision time.
"""
