"""All machines of a club on a screen: who is in trouble first, STOP for one and for all."""
