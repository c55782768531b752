"""The history of runs in a database; its only tables, and the only room that knows SQL."""
