"""``navette archive`` and ``navette replay``: a zone's journal kept in files, and decided again."""
