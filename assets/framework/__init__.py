"""What all stages share: turning a stage into Dagster assets, the metadata of a run, column lineage."""
