"""The independent count: the figures once more, in naive plain Python, to compare the pipeline with.

Nothing here imports ``dakl_pipeline``, ``assets``, ``resources`` or a data frame library; only the reference files
are shared, read as files.
"""
