"""Employers: who offers the work."""
