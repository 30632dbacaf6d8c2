"""One treadmill on the air, through bleak: scan, connect, subscribe, write, and let go, each within a bound."""
