"""Shared by all stages: turning a stage into Dagster assets, the metadata of a run, column lineage."""
