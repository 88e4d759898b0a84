"""Who is calling: accounts, tokens, roles, and which route may be called by whom."""
