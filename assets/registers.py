"""The registers, pseudonymised once per register, year and key, and not again when only deliveries change."""

import hashlib
from functools import partial

from assets.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.registers import REGISTERS, Register
from dakl_pipeline.steps.pseudonymise import pseudonymise_register
from resources.warehouse import TableVersion

_CODE_VERSION = "1"


def pseudonymise(inputs: Inputs, register: Register) -> Output:
    """Pseudonymise a register unless the same file, contract and key made the table that is there."""
    digest = inputs.register_store.digest(register, inputs.year)
    shape = f"{_CODE_VERSION}|{register.table.polars_schema}|{digest}"
    key_id = inputs.warehouse.key_id(inputs.key.check_value)
    version = TableVersion(key_id, hashlib.sha256(shape.encode()).hexdigest())
    notes = {"register_sha256": digest, "key_id": key_id}
    if inputs.warehouse.version(register.table, inputs.year) == version:
        rows = inputs.warehouse.row_count(register.table, inputs.year)
        return Output(frames={}, rows_in=rows, version=version, is_unchanged=True, notes=notes)
    source = inputs.register_store.read(register, inputs.year)
    frame = pseudonymise_register(source, register, year=inputs.year, key=inputs.key)
    return Output(frames={register.table: frame}, rows_in=source.height, version=version, notes=notes)


STAGES = tuple(
    Stage(
        tables=(register.table,),
        reads=(register.source_asset,),
        group="registers",
        kinds=frozenset({"polars", "duckdb"}),
        code_version=_CODE_VERSION,
        run=partial(pseudonymise, register=register),
    )
    for register in REGISTERS
)
