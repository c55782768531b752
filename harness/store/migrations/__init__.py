"""Every form that the tables have had, and how each becomes the next."""
