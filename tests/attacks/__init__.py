"""Attacks on the program as its users meet it: over the command line and over HTTP.

An attack knows nothing of the code, so that the same script tells which were open in an earlier version: see
``python -m tests.attacks --help``.
"""
