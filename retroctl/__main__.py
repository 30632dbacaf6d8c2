"""`python -m retroctl`."""

from retroctl.cli import main

main()
