"""The use cases: each is one call that combines rules, clock and storage.

Belongs here: what the command line, the DAG and the synthetic data share. Does not belong here: reading arguments and
printing (``dakl_pipeline.cli``), rules (``dakl_pipeline``).
"""
