"""Venues: where orders become fills.

Knows prices, orders and money. Does not know features, policies, or why anyone trades.
"""
