"""The guard's two ends: the keeper in the program, and what the guard's own process needs of the system."""
