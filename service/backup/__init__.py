"""Copies of everything that must be kept, made while the service runs, and put back into an empty database of either kind."""
