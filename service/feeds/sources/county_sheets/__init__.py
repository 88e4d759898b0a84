"""The sheets that offices of a county put into a folder."""
