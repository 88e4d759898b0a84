"""Jobs: one model for public vacancies, gigs and live-stream listings; publishing, editing, closing."""
