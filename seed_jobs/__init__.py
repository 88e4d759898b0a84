"""What a fresh start loads: made-up and real adverts, and a generator for any number of jobs."""
