"""The entry of `mooring`: reads the command line, runs one subcommand, turns what goes wrong into words and exit codes.

Exit codes are part of the interface: 0 done, 1 failed (or not in time), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from mooring.errors import MooringError
from mooring_cli.commands import command
from mooring_cli.lateness import WaitError

__all__ = ["main"]

FAILED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    try:
        code = command().main(
            args=None if argv is None else list(argv),
            prog_name="mooring",
            complete_var="_MOORING_COMPLETE",
            standalone_mode=False,
        )
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _misused(error)
    except click.Abort:
        return INTERRUPTED
    except MooringError as error:
        print(f"error: {error}", file=sys.stderr)
    except WaitError as error:
        print(f"error: not in time: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader of our output has enough (`| head`); without this, closing standard output would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _misused(error: click.ClickException) -> int:
    """What was wrong with the command line, and where it is explained."""
    print(f"error: {error.format_message()}", file=sys.stderr)
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is not None:
        print(f"{ctx.get_usage()}\nsee `{ctx.command_path} --help`", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
