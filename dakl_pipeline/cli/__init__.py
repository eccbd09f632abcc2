"""The entry point for people and scripts: the command ``dakl``.

Heavy libraries are imported inside commands, so that ``dakl check`` and ``--help`` start fast.
"""

from dakl_pipeline.cli.main import main

__all__ = ["main"]
