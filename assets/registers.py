"""The registers, pseudonymised once per register, year and key; changed deliveries do not repeat it."""

from functools import partial

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.registers import REGISTERS, Register, wrong_types
from dakl_pipeline.errors import Refused
from dakl_pipeline.history.provenance import REGISTER_DIGEST, REGISTER_WARNINGS
from dakl_pipeline.statistics.pseudonymise import pseudonymise_register
from dakl_pipeline.statistics.register_checks import evaluate_register, profile_register


def pseudonymise(inputs: Inputs, register: Register) -> Output:
    """Replace the numbers in a register by pseudonyms; a register with a fault is refused."""
    source = inputs.read_register(register)
    frame = pseudonymise_register(source, register, year=inputs.year, key=inputs.key)
    findings = inputs.register_findings(register)
    refused = [finding for finding in findings if finding.severity == "fault"]
    if refused:
        what = "; ".join(f"{finding.found}: {finding.to_do}" for finding in refused)
        raise Refused(f"register {register.name} of {inputs.year}: {what}")
    odd = {REGISTER_WARNINGS: "; ".join(f"{f.found} ({f.to_do})" for f in findings)} if findings else {}
    left_out = source.height - frame.height
    return Output(
        frames={register.table: frame},
        rows_in=source.height,
        excluded={"placeholder_number": left_out} if left_out else {},
        notes={**_digest(inputs, register), **odd},
    )


def _digest(inputs: Inputs, register: Register) -> dict[str, str]:
    return {REGISTER_DIGEST: inputs.register_digest(register)}


STAGES = tuple(
    Stage(
        tables=(register.table,),
        reads=(),
        sources=(register.source_asset,),
        group="registers",
        kinds=frozenset({"polars", "parquet"}),
        run=partial(pseudonymise, register=register),
        source_fingerprints=partial(_digest, register=register),
        uses_key=True,
        code=(profile_register, evaluate_register, wrong_types),
    )
    for register in REGISTERS
)
