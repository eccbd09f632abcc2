"""The chain: every stage, in the order in which they follow each other."""

from functools import cache

from assets import count, deduplicate, enrich, ingest, pseudonymise, region, registers
from assets.framework.asset import code_version
from assets.framework.stage import Stage

STAGES: tuple[Stage, ...] = (
    ingest.STAGE,
    *registers.STAGES,
    pseudonymise.STAGE,
    enrich.STAGE,
    region.STAGE,
    *deduplicate.STAGES,
    count.STAGE,
)


@cache
def code_versions() -> dict[str, str]:
    """Version of the code of every stage, by its name."""
    return {stage.name: code_version(stage) for stage in STAGES}
