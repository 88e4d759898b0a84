"""Own figures and those of peers, in one run: ``python -m matching.bench``."""
