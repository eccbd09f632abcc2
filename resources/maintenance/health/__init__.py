"""The checks of a home and its surroundings, for ``dakl doctor``; they change nothing, so a read-only disk suffices.

The evaluation is in ``dakl_pipeline.operation.health``.
"""
