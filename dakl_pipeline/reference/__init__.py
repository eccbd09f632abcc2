"""Reference data of the monitor: code lists, regions, rounds and settings, as validated objects.

Every value that an analyst may want to replace is a row in a file, with its source, not a literal in code.
"""
