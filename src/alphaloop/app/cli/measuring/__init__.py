"""``alphaloop evaluate oos`` and ``ablation``: one file each, and what they share."""
