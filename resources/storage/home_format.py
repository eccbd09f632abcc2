"""The format of a home: ``home.json`` records how its folders and files are laid out, and which version made it."""

import json
from contextlib import suppress

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dakl_pipeline import __version__
from dakl_pipeline.errors import Missing, Refused
from resources.config.home import Home, refuse_link
from resources.storage.files import write_atomically

# Raised by one with every change of the layout; each format has a step in ``dakl upgrade`` and a test fixture.
FORMAT = 2


class HomeFormat(BaseModel):
    """The content of ``home.json``.

    Attributes:
        format: The format; homes older than format 1 have no such file and count as 0.
        made_by: Version of the program that made the home, or last upgraded it.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    format: int = Field(ge=1)
    made_by: str


def format_of(home: Home) -> int:
    """The format of a home: the present one if it is empty or does not exist.

    Raises:
        Refused: If ``home.json`` is unreadable or a link.
    """
    refuse_link(home.format_file)
    try:
        return HomeFormat.model_validate_json(home.format_file.read_bytes()).format
    except (FileNotFoundError, NotADirectoryError):
        state = (home.deliveries, home.stages, home.history, home.warehouse)
        return 0 if any(path.exists() for path in state) else FORMAT
    except (OSError, ValidationError):
        raise Refused(
            f"{home.format_file} is not readable: put it back from a backup (`dakl restore` into another folder)"
        ) from None


def require_format(home: Home, *, mark: bool = False) -> Home:
    """Return the home if it has the present format.

    Args:
        home: The home; it need not exist.
        mark: Whether to write ``home.json`` in an existing home without one, before anything is kept in it.

    Raises:
        Missing: If it has an older format.
        Refused: If it has a newer format, or its format cannot be read; if a folder is a link of another account.
    """
    home.require_own_links()
    found = format_of(home)
    if found < FORMAT:
        raise Missing(f"{home.root} was made by an earlier version of dakl: upgrade it with `dakl upgrade`")
    refuse_newer(home, found)
    if mark and home.root.is_dir() and not home.format_file.exists():
        # On a read-only disk nothing else can be kept either.
        with suppress(OSError):
            write_format(home)
    return home


def refuse_newer(home: Home, found: int) -> None:
    """Refuse a home that this version does not know.

    Raises:
        Refused: If the format is newer than the present one.
    """
    if found > FORMAT:
        raise Refused(
            f"{home.root} was made by a newer version of dakl (format {found}, this one knows {FORMAT}): install that "
            "version or a later one"
        )


def write_format(home: Home) -> None:
    """Write ``home.json`` with the present format, atomically.

    Raises:
        OSError: If it cannot be written.
    """
    said = HomeFormat(format=FORMAT, made_by=__version__)
    write_atomically(home.format_file, (json.dumps(said.model_dump()) + "\n").encode())
