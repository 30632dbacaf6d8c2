"""The commands and their options, one module a subject. What they do is imported when they run: `--help` is quick."""
