"""ISO/IEC 14443-4, both roles: activation, the half-duplex block protocol, and its recovery."""
