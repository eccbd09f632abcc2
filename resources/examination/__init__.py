"""Looking at everything in and around a home, for ``dakl doctor``; nothing is changed, so a read-only disk will do.

Belongs here: looking, a check at a time. Does not belong here: the judgement (``dakl_pipeline.diagnosis``) and mending.
"""
