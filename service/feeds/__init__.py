"""Feeds: public lists and other people's files become jobs, each record either published or kept with the reason why not."""
