"""Privacy: everything held about a person in their hands, leaving, and how long what is kept."""
