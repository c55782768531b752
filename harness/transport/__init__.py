"""Where cards are reached: one file per third-party library or protocol of the outside world."""
