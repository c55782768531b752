"""The terminal's side: what a phone does with a card."""
