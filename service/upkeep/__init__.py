"""Keeping the pool fresh and whole: reminders before an advert ends, stale ones sink and close, completeness of sources."""
