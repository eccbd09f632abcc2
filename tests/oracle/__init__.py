"""The independent count: the figures once more, in naive plain Python, to hold the pipeline against.

Nothing here imports ``dakl_pipeline``, ``assets`` or ``resources``, nor a data frame library; only the reference files
are shared, and they are read as files.
"""
