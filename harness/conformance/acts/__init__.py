"""What cases do with a card: right steps and wrong ones, and what is proved after them."""
