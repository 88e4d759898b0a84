"""A province's public employment service, over its JSON API."""
