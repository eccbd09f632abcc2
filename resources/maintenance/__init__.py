"""Keeping a home well: backup, restore, and the checks of ``dakl doctor``."""
