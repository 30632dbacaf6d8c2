"""The outside world, one third-party library each."""
