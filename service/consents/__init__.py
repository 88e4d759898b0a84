"""Consents: what a person agreed to, in which words, and who got which of the person's data."""
