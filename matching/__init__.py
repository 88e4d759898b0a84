"""城暖: the matching library."""
