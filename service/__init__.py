"""城暖: the REST application."""
