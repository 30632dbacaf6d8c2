"""The Fitness Machine Service on the wire: bytes to values and back. Pure; knows the specification, not the radio."""
