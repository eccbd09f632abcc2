"""Profiles of files for the tests of the comparison."""

from typing import Any

from dakl_pipeline.intake.profile import FileProfile


def profile(registrations: int = 120, **changes: Any) -> FileProfile:
    """A file with equal numbers of registrations every month, half of them in Almelo and half in Hellendoorn."""
    half = registrations // 2
    values: dict[str, Any] = {
        "registrations": registrations,
        "by_municipality": {"0141": half, "0163": registrations - half},
        "by_shelter_type": {"0201": half, "0301": registrations - half},
        "by_start_month": dict.fromkeys(range(1, 13), registrations // 12),
        "with_usable_bsn": registrations,
        "with_v_number_only": 0,
        "open_stays": 0,
        "without_end_date": 0,
        "outside_year": 0,
    }
    if registrations == 1:
        values |= {"by_municipality": {"0163": 1}, "by_shelter_type": {"0301": 1}, "by_start_month": {1: 1}}
    return FileProfile.model_validate(values | changes)


def months(**counts: int) -> dict[int, int]:
    """Starts per month: ten in each, except those named ``m1`` to ``m12``."""
    return {month: counts.get(f"m{month}", 10) for month in range(1, 13)}
