"""A sample of commercial adverts, December 2023 (catalogue)."""
