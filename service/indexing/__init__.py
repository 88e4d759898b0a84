"""From rows to the matching library: the change log, the follower that writes the index, the index a web process holds."""
