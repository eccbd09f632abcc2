"""The history of runs that Dagster keeps: its settings, and whether its storage opens."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from dakl_pipeline.operation.health import HealthFinding
from dakl_pipeline.presentation.english import summarise
from resources.maintenance.health.context import Context
from resources.storage.sqlite_files import opened_unchanged

_NO_FIGURE_IS_LOST = "no figures are lost"


def runs(context: Context) -> Iterator[HealthFinding]:
    """The settings and the storage of Dagster."""
    folder = context.home.dagster
    if not folder.is_dir():
        yield HealthFinding("runs", "ok", "nothing has run yet")
        return
    file = folder / "dagster.yaml"
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        settings = {}
    except (OSError, ValueError, yaml.YAMLError):
        settings = None
    if not isinstance(settings, dict):
        yield HealthFinding(
            "runs",
            "fault",
            f"{file} is not readable",
            "correct it; if the history of runs is not in PostgreSQL, you can also remove it: `dakl run` then writes a "
            "new one",
        )
    elif isinstance(storage := settings.get("storage"), dict) and "postgres" in storage:
        yield _postgres(storage["postgres"].get("postgres_db", {}))
    else:
        yield _sqlite(folder)


def _sqlite(folder: Path) -> HealthFinding:
    files = sorted(folder.rglob("*.db"))
    damaged = [str(path) for path in files if not _is_intact(path)]
    if damaged:
        return HealthFinding(
            "runs",
            "fault",
            f"damaged: {summarise(damaged)}",
            f"put it back from a backup, or move it away and start with an empty history of runs: {_NO_FIGURE_IS_LOST}",
        )
    return HealthFinding("runs", "ok", "the history of runs opens" if files else "nothing has run yet")


def _is_intact(path: Path) -> bool:
    try:
        with opened_unchanged(path) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _postgres(database: dict[str, Any]) -> HealthFinding:
    try:
        import psycopg2
    except ImportError:
        return HealthFinding("runs", "fault", "no driver for PostgreSQL", "install the program with its extra `team`")
    values = {name: _value(given) for name, given in database.items()}
    try:
        connection = psycopg2.connect(
            host=values.get("hostname"),
            port=values.get("port") or 5432,
            dbname=values.get("db_name"),
            user=values.get("username"),
            password=values.get("password"),
            connect_timeout=5,
        )
        connection.close()
    except psycopg2.Error:
        # The library's own message may show the settings.
        return HealthFinding(
            "runs",
            "fault",
            "PostgreSQL cannot be reached",
            "check that it runs and that the DAKL_POSTGRES variables are right; figures can be read meanwhile",
        )
    return HealthFinding("runs", "ok", "the history of runs in PostgreSQL opens")


def _value(given: Any) -> Any:
    """A setting of Dagster: as written, or from the environment variable that it names."""
    return os.environ.get(str(given["env"])) if isinstance(given, dict) and "env" in given else given
