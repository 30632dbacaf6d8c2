"""The session itself: pure values and rules; time is an argument."""
