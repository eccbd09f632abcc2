"""The outside world: home folder, settings, key, delivery log, registers and warehouse.

Belongs here: everything that touches files, environment, clock or a database. Does not belong here: rules of the
statistic. Depends on ``dakl_pipeline`` only, and on neither Dagster nor the command line.
"""
