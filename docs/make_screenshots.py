"""Makes the pictures of the Dagster UI in ``docs/images``, in a real browser: ``python -m docs.make_screenshots``.

Needs Chromium (``apt-get install chromium chromium-driver``).
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from dakl_pipeline.cli import main as dakl
from dakl_pipeline.contracts import TABLES
from dakl_pipeline.deliveries.selection import select
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.storage.delivery_store import DeliveryStore
from tests.support.dagster_ui import Screen, browser, find_chromium, running_ui

IMAGES = Path(__file__).parent / "images"
COUNTS = TABLES["statistics.unique_person_counts"]
LARGEST_BYTES = 300 * 1024


def make_screenshots(home: Path) -> list[Path]:
    """Make every picture.

    Args:
        home: A home in which all years have run; a correction is added.

    Returns:
        The files.
    """
    IMAGES.mkdir(exist_ok=True)
    _correct_a_delivery(home)
    with running_ui(home) as ui, browser(ui.port, width=1600, height=900) as screen:
        screen.open("/asset-groups", "Hide navigation")
        screen.click("Hide navigation")
        sensor = _sensor(screen)
        return [sensor, _asset_graph(screen, ui.link), _column_lineage(screen), _checks(screen)]


def _correct_a_delivery(home: Path) -> None:
    """Deliver a file of 2024 again with half of its lines, so that there is something to count again."""
    opened = Home(home)
    store, methodology = DeliveryStore(opened.deliveries), load_methodology(opened)
    former = max(select(store.entries(), year=2024, methodology=methodology), key=lambda entry: entry.registrations)
    with store.open_verified(former) as file, tempfile.TemporaryDirectory(prefix="dakl-correction-") as folder:
        lines = file.read().splitlines(keepends=True)
        correction = Path(folder) / former.file_name
        correction.write_bytes(b"".join(lines[: len(lines) // 2]))
        supplier = ["--supplier", former.supplier_id, "--accept-late", "correctie voor de afbeelding"]
        if dakl(["deliver", str(correction), *supplier, "--home", str(home)]) != 0:
            raise RuntimeError("the correction was not taken")


def _sensor(screen: Screen) -> Path:
    """The sensor of corrections, with the tick that requested a run."""
    screen.resize(1600, 1000)
    screen.open("/runs", "correction_reruns", "dakl/reason", "Success")
    screen.open("/locations/dakl_pipeline/sensors/correction_reruns", "1 run requested", "0 runs requested")
    # A countdown runs on this page, so it never stops changing.
    return _checked("correction-sensor", screen.picture_now)


def _asset_graph(screen: Screen, link: str) -> Path:
    """Every asset in its stage; as wide as possible before the boxes show too many details for a picture."""
    screen.resize(2300, 1250, scale=16 / 23)
    screen.open(link, "stage_6_count", "stay_eligibility")
    return _picture(screen, "asset-graph")


def _column_lineage(screen: Screen) -> Path:
    """The columns of the counts, each with its lineage."""
    screen.resize(1600, 985)
    screen.open(f"/assets/{COUNTS.asset}", COUNTS.description, "delivered_files.bsn", "Row count")
    return _picture(screen, "column-lineage")


def _checks(screen: Screen) -> Path:
    """The checks of the counts with their outcome."""
    screen.resize(1600, 500)
    screen.open(f"/assets/{COUNTS.asset}?view=checks", "registrations_add_up", "Succeeded", "Evaluation result")
    return _picture(screen, "asset-checks")


def _picture(screen: Screen, name: str) -> Path:
    return _checked(name, screen.picture)


def _checked(name: str, take: Callable[[Path], None]) -> Path:
    path = IMAGES / f"{name}.png"
    take(path)
    if path.stat().st_size > LARGEST_BYTES:
        raise RuntimeError(f"{path.name} is larger than {LARGEST_BYTES} bytes: show less")
    return path


def main() -> int:
    """Make the pictures of a home, or of a demo home that is thrown away afterwards."""
    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("--home", type=Path, help="A home in which all years have run; a demo home when left out.")
    home: Path | None = arguments.parse_args().home
    find_chromium()
    with tempfile.TemporaryDirectory(prefix="dakl-screenshots-") as folder:
        copy = Path(folder) / "home"
        if home is not None:
            shutil.copytree(home, copy)
        elif (code := dakl(["demo", "--home", str(copy)])) != 0:
            return code
        for path in make_screenshots(copy):
            sys.stdout.write(f"{path} ({path.stat().st_size // 1024} KiB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
