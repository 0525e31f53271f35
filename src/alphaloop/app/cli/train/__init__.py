"""``alphaloop train``: one file a chain, the options they share, and the group."""
