"""The conformance catalogue: what a card must do, by which clause, and how that is found out."""
