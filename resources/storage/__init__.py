"""How state is kept: delivery log, registers, stage tables, history and warehouse, each whole or not at all."""
