"""Workers: what a person can do and wishes."""
