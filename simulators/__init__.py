"""The simulated treadmill: belt physics and an FTMS machine with its own byte encoding, behind three front ends."""
