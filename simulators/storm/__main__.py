"""`python -m simulators.storm --hours H --seed S`: story after story, until so many hours were lived."""

from __future__ import annotations

import sys

from simulators.storm.runs import main

if __name__ == "__main__":
    sys.exit(main())
