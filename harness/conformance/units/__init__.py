"""The cases, grouped by unit as the standards group them; each module ends with its `UNIT`."""
