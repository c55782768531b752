"""The card's side: a whole card in memory, driven by a profile."""
