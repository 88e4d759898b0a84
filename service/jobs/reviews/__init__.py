"""Adverts that people look at: what is held waits here, what workers report comes here, and what staff decide has its effect."""
