"""retroctl: a live treadmill session controller for backward running, over Bluetooth FTMS."""

__version__ = "0.1.0"
