"""Storage of state: delivery log, registers, stage tables, history and warehouse, all written atomically."""
