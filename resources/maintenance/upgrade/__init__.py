"""Bringing a home of an older format to the present one, for ``dakl upgrade`` and ``dakl restore``.

One module for each format, with the step from the format before it. A step knows the layouts of just these two: it
uses no contract or store of today, which the next change would alter under it.
"""
