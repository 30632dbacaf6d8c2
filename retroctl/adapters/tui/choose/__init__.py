"""The screen before a session: which machine, whom, which plan. It runs to its end before anything is connected."""
