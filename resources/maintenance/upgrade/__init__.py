"""Upgrading a home of an older format to the present one, for ``dakl upgrade`` and ``dakl restore``.

Each format has a module with the step from the previous format. A step knows only the layouts of these two formats: it
uses no present contract or store, because the next change of these would break it.
"""
