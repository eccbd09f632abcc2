"""The door for people and scripts: the command ``dakl``.

Belongs here: arguments, exit codes and how things are shown. Does not belong here: what is done (``resources``,
``assets``, ``steps``). Heavy libraries are imported inside commands, so that ``dakl check`` and ``--help`` start fast.
"""

from dakl_pipeline.cli.main import main

__all__ = ["main"]
