"""The command line: the composition root, and the only place that knows every adapter."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The `retroctl` command."""
    import sys  # noqa: PLC0415 - only where the program runs

    from retroctl.cli import early  # noqa: PLC0415 - the first lines of a run, and of nothing else

    early.prepare(sys.argv[1:])
    from retroctl.cli.app import run_app  # noqa: PLC0415 - `--help` must not pay for what a session needs

    run_app()
