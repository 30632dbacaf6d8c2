"""The trainer's screen (Textual): a view that draws snapshots, and keys that go straight to the session's owner."""
