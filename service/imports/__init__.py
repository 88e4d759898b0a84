"""Imports: the Excel sheets of stations and employers become jobs; each row is published, held, or given back with its reason."""
