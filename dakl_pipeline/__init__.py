"""Unique persons in emergency and temporary shelter, per region and year: the statistics of the Monitor Dakloosheid."""

__version__ = "0.1.0"
