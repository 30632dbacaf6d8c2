"""`retroctl` as it is."""

from retroctl.cli import main

main()
