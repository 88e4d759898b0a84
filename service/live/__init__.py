"""Streams: whose they are, when they are on, and their running order of numbered listings."""
