"""A run of the catalogue: what is run, on which cards, and what is kept of it."""
