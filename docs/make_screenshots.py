"""Makes the pictures of the Dagster UI in ``docs/images``, from a real browser: ``python -m docs.make_screenshots``.

Belongs here: which pages are shown, how large, and under what name. Does not belong here: starting the UI and the
browser (``tests.browser.dagster_ui``). Needs Chromium (``apt-get install chromium chromium-driver``).
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from dakl_pipeline.cli import main as dakl
from dakl_pipeline.contracts import TABLES
from tests.browser.dagster_ui import Screen, browser, find_chromium, running_ui

IMAGES = Path(__file__).parent / "images"
COUNTS = TABLES["statistics.unique_person_counts"]
LARGEST_BYTES = 300 * 1024


def make_screenshots(home: Path) -> list[Path]:
    """Make every picture.

    Args:
        home: A home in which all years have run.

    Returns:
        The files.
    """
    IMAGES.mkdir(exist_ok=True)
    with running_ui(home) as port, browser(port, width=1600, height=900) as screen:
        screen.open("/asset-groups", "Hide navigation")
        screen.click("Hide navigation")
        return [_asset_graph(screen), _column_lineage(screen), _checks(screen)]


def _asset_graph(screen: Screen) -> Path:
    """Every asset in its stage; as wide as can be before the boxes show more than a picture has room for."""
    screen.resize(2300, 1250, scale=16 / 23)
    screen.expand_all_groups()
    screen.wait_for("assessed_stays")
    screen.reload("assessed_stays")
    return _picture(screen, "asset-graph")


def _column_lineage(screen: Screen) -> Path:
    """The columns of the counts, each with where it comes from."""
    screen.resize(1600, 985)
    screen.open(f"/assets/{COUNTS.asset}", COUNTS.description, "delivered_files.bsn", "Row count")
    return _picture(screen, "column-lineage")


def _checks(screen: Screen) -> Path:
    """The checks of the counts with their outcome."""
    screen.resize(1600, 500)
    screen.open(f"/assets/{COUNTS.asset}?view=checks", "registrations_add_up", "Succeeded", "Evaluation result")
    return _picture(screen, "asset-checks")


def _picture(screen: Screen, name: str) -> Path:
    path = IMAGES / f"{name}.png"
    screen.picture(path)
    if path.stat().st_size > LARGEST_BYTES:
        raise RuntimeError(f"{path.name} is larger than {LARGEST_BYTES} bytes: show less")
    return path


def main() -> int:
    """Make the pictures of a home, or of a demo home that is thrown away afterwards."""
    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("--home", type=Path, help="A home in which all years have run; a demo home when left out.")
    home: Path | None = arguments.parse_args().home
    find_chromium()
    with ExitStack() as stack:
        if home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dakl-screenshots-"))) / "home"
            if (code := dakl(["demo", "--home", str(home)])) != 0:
                return code
        for path in make_screenshots(home):
            sys.stdout.write(f"{path} ({path.stat().st_size // 1024} KiB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
