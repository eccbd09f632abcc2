"""The home that is looked at, and the stores of it that several checks need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dakl_pipeline.deliveries.log import Entry
from dakl_pipeline.errors import DaklError
from dakl_pipeline.reference import Methodology
from resources.config.home import Home
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import ExplanationStore
from resources.storage.history_store import HistoryStore
from resources.storage.stage_store import StageStore


@dataclass(frozen=True)
class Context:
    """A home at a moment.

    Attributes:
        home: The home.
        methodology: Its settings; those of the package when its own cannot be read.
        now: The clock.
        codes: Version of the code of every stage, by its name.
    """

    home: Home
    methodology: Methodology
    now: datetime
    codes: Mapping[str, str]

    @property
    def deliveries(self) -> DeliveryStore:
        """The delivery log."""
        return DeliveryStore(self.home.deliveries)

    @property
    def explanations(self) -> ExplanationStore:
        """What suppliers explained."""
        return ExplanationStore(self.home.deliveries)

    @property
    def stages(self) -> StageStore:
        """The tables between the stages."""
        return StageStore(self.home.stages)

    @property
    def history(self) -> HistoryStore:
        """The vintages."""
        return HistoryStore(self.home.history)

    def readable_entries(self) -> list[Entry]:
        """The log; nothing when it is damaged, which has a check of its own."""
        try:
            return self.deliveries.entries()
        except DaklError:
            return []
