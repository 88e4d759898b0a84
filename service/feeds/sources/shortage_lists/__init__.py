"""Shortage lists of governments, 2021-2026 (catalogue)."""
