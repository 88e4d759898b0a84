"""Ways out: the open copy of all jobs (snapshot and stream), schema.org postings, and sheets for bureaus."""
