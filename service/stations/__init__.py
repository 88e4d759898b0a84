"""零工驿站: casual-labour stations."""
