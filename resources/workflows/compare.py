"""Comparing an incoming file with earlier deliveries, from the log and the kept files.

Findings for the supplier depend on its own files only; findings that depend on files of others are for the analyst. An
earlier file that cannot be read is skipped: other commands report the problem.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import polars as pl

from dakl_pipeline.deliveries.log import Delivery, cancellations, order_of_receipt
from dakl_pipeline.deliveries.rounds import local_date
from dakl_pipeline.deliveries.selection import delivery_statuses
from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.bounds import bound, is_large
from dakl_pipeline.intake.check import check_delivery
from dakl_pipeline.intake.findings import Finding, finding, is_about_earlier
from dakl_pipeline.intake.likeness import has_nobody_of, is_same_content, registrations_in
from dakl_pipeline.intake.previous import Earlier, differences, has_numbers_of
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.intake.whose import may_share, newness, of_another
from dakl_pipeline.presentation.dutch import day, listed
from dakl_pipeline.privacy.redaction import mask_numbers
from dakl_pipeline.reference.methodology import Methodology
from resources.storage.delivery_store import DeliveryStore

_GROWTH = "more_registrations"


@dataclass(frozen=True)
class Arrival:
    """An approved file, new or kept, to be compared.

    Attributes:
        supplier_id: The supplier.
        year: Its reporting year.
        received_at: Time of receipt.
        sha256: Digest of its bytes.
        profile: Its profile.
        registrations: Reads its registrations.
    """

    supplier_id: str
    year: int
    received_at: datetime
    sha256: str
    profile: FileProfile
    registrations: Callable[[], pl.DataFrame]


class Comparer:
    """Compares files with those of one log.

    Args:
        store: The log.
        methodology: Settings of the statistic.
    """

    def __init__(self, store: DeliveryStore, methodology: Methodology) -> None:
        self._store = store
        self._methodology = methodology

    def earlier(self, arrival: Arrival) -> list[Delivery]:
        """The earlier files of the same supplier with which an incoming file is compared.

        For its own year this is the last one before it, preferably one without losses of its own: otherwise a loss
        would be found only once. For every other year it is the last one.
        """
        own = [d for d in self._approved() if d.supplier_id == arrival.supplier_id]
        same_year = [d for d in own if d.reporting_year == arrival.year and d.received_at <= arrival.received_at]
        whole = [d for d in same_year if not any(is_about_earlier(r) and r != _GROWTH for r in d.findings)]
        last_of_other = {d.reporting_year: d for d in own if d.reporting_year != arrival.year}
        return [*(whole or same_year)[-1:], *last_of_other.values()]

    def findings(self, arrival: Arrival, earlier: Iterable[Delivery]) -> tuple[Finding, ...]:
        """Findings for the supplier, from comparison with its own earlier files.

        Args:
            arrival: The file.
            earlier: Earlier files of the same supplier.
        """
        found: list[Finding] = []
        for delivery in earlier:
            with suppress(Refused):
                found += self._with_own(arrival, delivery)
        return tuple(found)

    def _with_own(self, arrival: Arrival, delivery: Delivery) -> Iterator[Finding]:
        profile = self.profile_of(delivery)
        name = self._name(delivery)
        if delivery.reporting_year == arrival.year:
            yield from differences(arrival.profile, arrival.year, Earlier(name, profile, "own_year"))
            yield from self._nothing_in_common(arrival, delivery, profile)
            return
        if delivery.reporting_year == arrival.year - 1:
            yield from differences(arrival.profile, arrival.year, Earlier(name, profile, "year_before"))
        size = arrival.profile.registrations
        is_enough = is_large("same_as_other_year", "other_year", size, of=size)
        if is_enough and has_numbers_of(arrival.profile, profile):
            if is_same_content(arrival.registrations(), self._registrations(delivery)):
                yield finding("same_as_other_year", concerns=size, previous=name)
            elif is_large("numbers_of_other_year", "other_year", size, of=size):
                yield finding("numbers_of_other_year", concerns=size, previous=name)

    def _nothing_in_common(self, arrival: Arrival, delivery: Delivery, profile: FileProfile) -> Iterator[Finding]:
        rule = "nothing_in_common"
        minimum = bound(rule, "own_year").minimum
        size = arrival.profile.registrations
        if min(size, profile.registrations) < minimum:
            return
        kinds = []
        if not arrival.profile.by_municipality.keys() & profile.by_municipality.keys():
            kinds.append("geen enkele gemeente komt in beide voor")
        if min(arrival.profile.with_usable_bsn, profile.with_usable_bsn) >= minimum and has_nobody_of(
            arrival.registrations(), self._registrations(delivery), minimum=minimum
        ):
            kinds.append("geen enkele persoon komt in beide voor")
        if kinds:
            yield finding(rule, concerns=size, previous=self._name(delivery), kind=listed(kinds))

    def for_analyst(self, arrival: Arrival, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings for the analyst, from comparison with the files of other suppliers.

        Args:
            arrival: The file.
            findings: The findings for the supplier.
        """
        # Only selected files: a withdrawn one, such as a file delivered under the wrong supplier, belongs to nobody.
        counting = [
            s.delivery for s in delivery_statuses(self._store.readable_entries(), self._methodology) if s.is_selected
        ]
        found: list[Finding] = []
        profiles: dict[str, FileProfile] = {}
        for delivery in (d for d in counting if d.supplier_id != arrival.supplier_id):
            with suppress(Refused):
                if delivery.reporting_year == arrival.year:
                    profiles[delivery.supplier_id] = self.profile_of(delivery)
                found += self._shared(arrival, delivery, profiles.get(delivery.supplier_id))
        if not found and any(each.rule == "nothing_in_common" for each in findings):
            found += of_another(arrival.profile, profiles)
        return tuple(found)

    def newness(self, supplier_id: str) -> tuple[Finding, ...]:
        """Findings for the analyst about a supplier that has no approved file yet."""
        known = {d.supplier_id for d in self._approved()}
        return tuple(newness(supplier_id, known, similarity=self._methodology.supplier_id_similarity))

    def _shared(self, arrival: Arrival, delivery: Delivery, profile: FileProfile | None) -> Iterator[Finding]:
        rule = "content_of_other_supplier"
        is_same = delivery.sha256 == arrival.sha256
        is_of_the_year = delivery.reporting_year == arrival.year and profile is not None
        if not is_same and not (is_of_the_year and profile and may_share(arrival.profile, profile)):
            return
        shared, of = registrations_in(arrival.registrations(), self._registrations(delivery))
        if is_same or is_large(rule, "other_supplier", shared, of=of):
            other = f"aanlevering {delivery.delivery_id} over {delivery.reporting_year}"
            yield finding(rule, found=shared, expected=of, other=other, supplier=delivery.supplier_id)

    def profile_of(self, delivery: Delivery) -> FileProfile:
        """The profile of an approved file; made from the file itself for an entry of an earlier version.

        Raises:
            Refused: If the file is missing or changed, or does not pass the current rules.
        """
        if delivery.profile is not None:
            return delivery.profile
        with self._store.open_verified(delivery) as file:
            verdict = check_delivery(
                file,
                delivery.file_name,
                methodology=self._methodology,
                today=local_date(delivery.received_at, self._methodology),
                reporting_year=delivery.reporting_year,
            )
        if verdict.profile is None:
            raise Refused(f"delivery {delivery.delivery_id} does not pass the current rules")
        return verdict.profile

    def _registrations(self, delivery: Delivery) -> pl.DataFrame:
        assert delivery.reporting_year is not None  # an approved file has a year
        with self._store.open_verified(delivery) as file:
            return read_registrations(file, delivery.reporting_year, methodology=self._methodology)

    def again(self, delivery: Delivery) -> tuple[Finding, ...]:
        """Compare a logged file again with the files it was compared with on receipt.

        Raises:
            Refused: If the file is missing or changed, or does not pass the current rules.
        """
        if not delivery.approved or delivery.reporting_year is None or not delivery.compared_with:
            return ()
        arrival = Arrival(
            supplier_id=delivery.supplier_id,
            year=delivery.reporting_year,
            received_at=delivery.received_at,
            sha256=delivery.sha256,
            profile=self.profile_of(delivery),
            registrations=cache(lambda: self._registrations(delivery)),
        )
        by_id = {each.delivery_id: each for each in self._approved()}
        return self.findings(arrival, [by_id[name] for name in delivery.compared_with if name in by_id])

    def _approved(self) -> list[Delivery]:
        """The approved files with a readable entry that were not cancelled, in order of receipt."""
        entries = self._store.readable_entries()
        cancelled = cancellations(entries)
        found = [e for e in entries if isinstance(e, Delivery) and e.approved and e.delivery_id not in cancelled]
        return sorted(found, key=order_of_receipt)

    def _name(self, delivery: Delivery) -> str:
        received = day(local_date(delivery.received_at, self._methodology))
        return f"uw bestand {mask_numbers(delivery.file_name)} van {received} ({delivery.delivery_id})"
