"""The home that is checked, at one moment."""

from collections.abc import Mapping
from datetime import datetime

from dakl_pipeline.deliveries.log import Entry
from dakl_pipeline.errors import DaklError
from dakl_pipeline.reference.methodology import Methodology
from resources.config.home import Home
from resources.workflows.opened_home import OpenedHome


class Context(OpenedHome):
    """An opened home, with everything else that the checks need.

    Args:
        home: The home.
        methodology: Its settings; those of the package when its own cannot be read.
        now: The current time.
        codes: Code version of every stage, by name.
    """

    def __init__(self, home: Home, methodology: Methodology, now: datetime, codes: Mapping[str, str]) -> None:
        super().__init__(home, methodology)
        self.now = now
        self.codes = codes

    def readable_entries(self) -> list[Entry]:
        """The log; empty when it is damaged, which another check reports."""
        try:
            return self.deliveries.entries()
        except DaklError:
            return []
