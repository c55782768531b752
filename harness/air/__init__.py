"""What happens between the phone and the card: time on the air, a hand that moves, what breaks."""
