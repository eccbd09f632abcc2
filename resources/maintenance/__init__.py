"""Maintenance of a home: backup, restore, upgrade, and the checks of ``dakl doctor``."""
