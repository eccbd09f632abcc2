"""The door for browsers: Dagster's webserver behind a guard against the pages of other sites.

``python -P -m dakl_pipeline.webserver`` is the service that ``dakl ui`` and a server start. The guard knows no Dagster;
only ``__main__`` does.
"""
