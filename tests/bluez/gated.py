"""`retroctl`, imported first and let go later: emulated, the imports take half a minute that others can use.

Standard input is the program's terminal; GATE names the descriptor on which it waits.
"""

import os

import retroctl.adapters.ble.treadmill
import retroctl.cli.app
import retroctl.cli.session  # noqa: F401 - all of this is only to be in memory
from retroctl.cli import main

if __name__ == "__main__":
    gate = int(os.environ.pop("GATE"))
    os.read(gate, 1)
    os.close(gate)
    main()
