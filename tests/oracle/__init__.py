"""The independent count: the figures once more, in naive plain Python, to hold the pipeline against.

Belongs here: the count (``delivered_file``, ``selection``, ``count``), random small worlds to count in (``worlds`` and
its files) and tests of both. Does not belong here: anything of the pipeline. Nothing here imports ``dakl_pipeline``,
``assets`` or ``resources``, nor a data frame library; only the reference files are shared, and they are read as files.
"""
