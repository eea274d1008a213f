"""``navette whatif``: a lived day's riders and mishaps, under another policy."""
