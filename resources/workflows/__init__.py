"""The use cases: what a person asks for, as one call that brings rules, clock and storage together.

Belongs here: what the command line, the DAG and the synthetic data do alike. Does not belong here: reading arguments
and printing (``dakl_pipeline.cli``), rules (``dakl_pipeline``).
"""
