"""Key agreement and key derivation, both roles, no I/O."""
