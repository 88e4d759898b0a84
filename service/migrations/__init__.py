"""Alembic: how the tables came to be. File names start with a four-digit number, so that two new ones collide in git."""
