"""Looking at everything in and around a home, for ``dakl doctor``; nothing is changed, so a read-only disk will do.

The judgement is in ``dakl_pipeline.operation.health``.
"""
