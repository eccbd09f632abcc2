"""The chain: every stage, in order."""

from assets import count, deduplicate, enrich, ingest, pseudonymise, region, registers
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


def code_versions() -> dict[str, str]:
    """Code version of every stage, by name."""
    return {stage.name: stage.code_version for stage in STAGES}
