"""The other way round: for a job the best workers out of a pool of profiles, by the score which each of them would see."""
