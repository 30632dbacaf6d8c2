"""The line interface: plain lines, JSON lines, keys. What it prints never holds up what it controls."""
