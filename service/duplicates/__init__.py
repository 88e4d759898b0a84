"""Duplicates: several adverts for one job, shown and counted once."""
