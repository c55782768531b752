"""What cases judge in a card's files."""
