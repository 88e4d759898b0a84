"""The one ranked list: search, match, similar, suggest."""
