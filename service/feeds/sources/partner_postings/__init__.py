"""A partner's postings as XML in the names of schema.org and HR Open."""
