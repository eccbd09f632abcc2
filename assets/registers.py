"""The registers, pseudonymised once per register, year and key, and not again when only deliveries change."""

from functools import partial

from assets.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.registers import REGISTERS, Register
from dakl_pipeline.provenance import REGISTER_DIGEST
from dakl_pipeline.steps.pseudonymise import pseudonymise_register


def pseudonymise(inputs: Inputs, register: Register) -> Output:
    """Replace the numbers in a register."""
    source = inputs.register_store.read(register, inputs.year)
    frame = pseudonymise_register(source, register, year=inputs.year, key=inputs.key)
    return Output(frames={register.table: frame}, rows_in=source.height, notes=_digest(inputs, register))


def _digest(inputs: Inputs, register: Register) -> dict[str, str]:
    return {REGISTER_DIGEST: inputs.register_store.digest(register, inputs.year)}


STAGES = tuple(
    Stage(
        tables=(register.table,),
        reads=(),
        sources=(register.source_asset,),
        group="registers",
        kinds=frozenset({"polars", "parquet"}),
        code_version="1",
        run=partial(pseudonymise, register=register),
        outside=partial(_digest, register=register),
        uses_key=True,
        uses_settings=False,
    )
    for register in REGISTERS
)
