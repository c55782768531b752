"""Many taps of one scenario: how long a card must be held, and how often that works."""
