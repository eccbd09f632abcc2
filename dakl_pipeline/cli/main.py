"""Runs the command line and turns every outcome into an exit code and plain lines."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.exceptions import TyperException

from dakl_pipeline.cli import interruption
from dakl_pipeline.errors import DaklError
from dakl_pipeline.privacy.redaction import mask_numbers, mask_unprintable


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``dakl``.

    Args:
        argv: Arguments; the process arguments when None.

    Returns:
        Exit code: 0 done, 1 data refused, 2 wrong usage, 3 something is missing, 130 interrupted.
    """
    try:
        with interruption.ends_when_interrupted():
            from dakl_pipeline.cli.app import app
            from resources.config.protection import keep_private

            keep_private()

            code = typer.main.get_command(app).main(args=argv, prog_name="dakl", standalone_mode=False)
            sys.stdout.flush()
        # Typer turns Ctrl-C into an exit code and prints nothing.
        return _fail(interruption.MESSAGE, code) if code == interruption.EXIT_CODE else int(code or 0)
    except TyperException as error:
        return _fail(f"{getattr(error, 'format_message', error.__str__)()} See `dakl --help`.", 2)
    except DaklError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(interruption.MESSAGE, interruption.EXIT_CODE)
    except (BrokenPipeError, SystemExit) as error:
        # Typer raises SystemExit when the reader of the output (head, grep) has closed the pipe.
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise
        # Standard output must be redirected too, or the interpreter complains when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{os.strerror(error.errno) if error.errno else type(error).__name__}: {error.filename}", 1)
    except Exception as error:
        # The text of an unforeseen error may quote a row; its type and location never do.
        place = traceback.extract_tb(error.__traceback__)[-1]
        return _fail(f"unexpected {type(error).__name__} at {Path(place.filename).name}:{place.lineno}", 1)


def _fail(message: str, code: int) -> int:
    lines = map(mask_unprintable, mask_numbers(message).splitlines())
    sys.stderr.write("dakl: " + "\n".join(lines) + "\n")
    return code
