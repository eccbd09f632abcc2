"""The DAGSTER_HOME of a home, in which Dagster keeps the history of runs."""

from importlib.resources import files
from pathlib import Path

from resources.config.home import Home


def prepare_instance(home: Home) -> Path:
    """Create the DAGSTER_HOME of the home, with its settings.

    Returns:
        The folder.
    """
    home.dagster.mkdir(exist_ok=True)
    settings = files("dakl_pipeline.cli").joinpath("dagster.yaml").read_text(encoding="utf-8")
    target = home.dagster / "dagster.yaml"
    if not target.exists():
        target.write_text(settings, encoding="utf-8")
    return home.dagster
