"""Random small populations: people, registers and the events of a few suppliers, with many hard cases."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.oracle.delivered_file import METHODOLOGY
from tests.oracle.population_files import first_version, with_fault
from tests.oracle.population_people import YEARS, Resident, random_bsn, random_residents, write_registers
from tests.oracle.selection import Event

DUTCH = ZoneInfo(METHODOLOGY["time_zone"])

# Municipality codes as delivered, some without leading zeros, grouped by a shared region or an unusual merger.
MUNICIPALITIES = (
    ("0141", "141", "0163", "0183", "0189"),  # Almelo
    ("0164", "0175", "0164"),  # Hengelo and Ommen: two regions
    ("0599", "0344", "599"),  # Rotterdam and Utrecht
    ("0501", "501", "0530", "0614", "1992"),  # themselves in 2022, Voorne aan Zee from 2023; 1992 is unknown in 2022
    ("1684", "0856", "1982", "1991", "0756"),  # merged in 2022, old and new codes of the same region
    ("0457", "457", "0363", "363"),  # Weesp: its own region in 2022, Amsterdam's from 2023
    ("0788", "788", "0757", "0855", "0865"),  # Haaren was divided over two regions
    ("0003", "3", "10", "0014", "14", "0037"),  # Groningen
    ("0370", "0439", "0398", "0416", "1980"),  # Purmerend and Alkmaar
)
UNKNOWN_MUNICIPALITIES = ("9999", "0000", "0", "0788", "1234")

# Types as delivered, winteropvang twice as often as any other; omklapwoningen are new in 2024.
TYPES = ("0201", "0203", "0205", "0301", "302", "303", "0304", "201", "0204", "0204")
NEW_TYPES = (*TYPES, "0305")

# Instants on the Dutch calendar: first and last moments of the windows, and moments outside them.
DELIVERY_INSTANTS = {
    2024: ("2024-03-04 00:00:00", "2024-04-01 12:00:00", "2024-05-26 23:59:59", "2024-06-24 23:59:59"),
    2025: ("2025-04-24 00:00:00", "2025-05-09 09:30:00", "2025-06-01 02:00:00", "2025-06-18 23:59:59"),
}
LATE_INSTANTS = {
    2024: ("2024-06-25 00:00:00", "2024-06-27 10:00:00", "2024-12-31 23:30:00", "2025-04-23 23:59:59"),
    2025: ("2025-06-19 00:00:00", "2025-07-02 08:00:00", "2025-10-01 12:00:00"),
}
WITHDRAWAL_INSTANTS = {
    2024: ("2024-06-24 00:00:00", "2024-06-26 15:00:00", "2024-06-28 23:59:59"),
    2025: ("2025-06-30 00:00:00", "2025-07-02 07:59:00", "2025-07-04 23:59:59"),
}
NO_WITHDRAWAL_INSTANTS = {
    2024: ("2024-06-23 23:59:59", "2024-06-29 00:00:00"),
    2025: ("2025-06-29 23:59:59", "2025-07-05 00:00:00"),
}
# Before the first round of that year, and after the last one.
EARLY_INSTANTS = {
    2022: ("2024-03-03 23:59:59",),
    2023: ("2024-03-03 23:59:59", "2023-11-01 10:00:00"),
    2024: ("2024-06-01 12:00:00", "2025-04-23 23:59:59"),
}
AFTERWARDS_INSTANTS = {2022: ("2025-05-01 12:00:00",), 2023: (), 2024: ()}
ROUNDS = {2022: (2024,), 2023: (2024, 2025), 2024: (2025,)}


@dataclass
class Population:
    """A random population: its events, in the order in which they are logged, and its registers.

    Attributes:
        events: deliveries and withdrawals.
        registers: folder with the registers by year.
        faulty: indices of the deliveries with a deliberate fault.
    """

    events: list[Event]
    registers: Path
    faulty: set[int] = field(default_factory=set)


def random_population(seed: int, folder: Path) -> Population:
    """Write the delivered files and registers of a random population; the same seed gives the same population.

    Args:
        seed: the seed.
        folder: an empty folder for ``files/`` and ``registers/``.
    """
    rng = random.Random(seed)
    residents = random_residents(rng, rng.randint(5, 60))
    for year in YEARS:
        write_registers(rng, residents, year, folder / "registers" / str(year))
    areas = rng.sample(MUNICIPALITIES, rng.randint(1, 3))
    kinds = ("gemeente", "ggd", "opvang")
    suppliers = [f"{kinds[i % 3]}-{rng.choice('abc')}{i}" for i in range(rng.randint(2, 6))]
    plans = [_Supplier(rng, name, areas, residents, folder).year(year) for name in suppliers for year in YEARS]
    population = Population([], folder / "registers")
    while any(plans):  # one log of all events, in which each supplier keeps its own order
        event, is_faulty = rng.choice([plan for plan in plans if plan]).pop(0)
        if is_faulty:
            population.faulty.add(len(population.events))
        population.events.append(event)
    return population


# --- the events of a supplier -----------------------------------------------------------------------------------------


class _Supplier:
    """A supplier with its municipalities and clients, and its events."""

    def __init__(
        self,
        rng: random.Random,
        supplier_id: str,
        areas: Sequence[tuple[str, ...]],
        residents: Sequence[Resident],
        folder: Path,
    ) -> None:
        self.rng = rng
        self.supplier_id = supplier_id
        self.municipalities = [code for area in rng.sample(areas, rng.randint(1, len(areas))) for code in area]
        self.clients = rng.sample(residents, rng.randint(1, len(residents)))
        self.residents = residents
        self.folder = folder / "files" / supplier_id
        self.files = 0

    def year(self, year: int) -> list[tuple[Event, bool]]:
        """The events about one reporting year in the order of the log, each with whether its file has a fault."""
        chance = self.rng.random
        plan: list[tuple[Event, bool]] = []
        if chance() < 0.08:  # before any round
            plan.append(self._delivery(year, EARLY_INSTANTS[year], late=self._maybe_late()))
        for number in ROUNDS[year]:
            late_instants = LATE_INSTANTS[number] + AFTERWARDS_INSTANTS[year]
            if chance() < 0.15:
                continue
            on_time = [self._delivery(year, DELIVERY_INSTANTS[number])]
            if chance() < 0.35:  # a correction, which may be older than the entries before it
                on_time.append(self._delivery(year, DELIVERY_INSTANTS[number]))
            if chance() < 0.2:  # at the same instant, written in another time zone
                (first, _), (again, fault) = on_time[-1], self._delivery(year, DELIVERY_INSTANTS[number])
                on_time.append((_moved(again, first.at.astimezone(timezone(timedelta(hours=-7)))), fault))
            if chance() < 0.3:
                on_time.append(self._delivery(year, DELIVERY_INSTANTS[number], is_faulty=True))
            if chance() < 0.15:  # the same file once more
                (event, fault), moment = self.rng.choice(on_time), self._instant(DELIVERY_INSTANTS[number])
                on_time.append((_moved(event, moment), fault))
            plan += on_time
            if chance() < 0.25:
                plan.append(self._delivery(year, late_instants, late=self._maybe_late()))
            if chance() < 0.2:
                plan.append(self._withdrawal(year, WITHDRAWAL_INSTANTS[number], late=None))
                if chance() < 0.4:  # a later delivery in the same round is withdrawn too
                    plan.append(self._delivery(year, late_instants, late=self._maybe_late()))
            if chance() < 0.12:
                plan.append(self._withdrawal(year, NO_WITHDRAWAL_INSTANTS[number], late=self._maybe_late()))
        if chance() < 0.2:  # a withdrawal that is logged after the delivery of a later round
            plan.sort(key=lambda step: step[0].kind == "withdraw")
        return plan

    def _maybe_late(self) -> str | None:
        return self.rng.choice(("storing bij de leverancier", None))

    def _instant(self, instants: Sequence[str]) -> datetime:
        at = datetime.fromisoformat(self.rng.choice(instants)).replace(tzinfo=DUTCH)
        return at.astimezone(self.rng.choice((DUTCH, UTC)))

    def _withdrawal(self, year: int, instants: Sequence[str], *, late: str | None) -> tuple[Event, bool]:
        return Event("withdraw", self.supplier_id, self._instant(instants), None, year, late), False

    def _delivery(
        self, year: int, instants: Sequence[str], *, late: str | None = None, is_faulty: bool = False
    ) -> tuple[Event, bool]:
        rng = self.rng
        rows = [self._row(year) for _ in range(rng.randint(1, 25))]
        if rng.random() < 0.2:
            rows.append(rng.choice(rows))
        name = f"DAKL_J{year}_{rng.choice((self.supplier_id, 'Opvang Noord', 'v1.2-def'))}.csv"
        file = first_version(rng, name, year, rows, is_basic=rng.random() < 0.2)
        if is_faulty:
            file = with_fault(rng, file)
        self.files += 1
        path = self.folder / f"{year}-{self.files:02}" / file.name
        path.parent.mkdir(parents=True)
        path.write_bytes(file.content(rng))
        return Event("deliver", self.supplier_id, self._instant(instants), path, None, late), is_faulty

    # --- one registration

    def _row(self, year: int) -> dict[str, str]:
        rng = self.rng
        start, end = self._dates(year)
        bsn, v_number = self._numbers()
        is_strange = rng.random() < 0.06
        return {
            "aanmaakdatum": rng.choice((f"{year + 1}-02-01", f"{year + 1}-02-01", f"{year}-31-12")),
            "gemeentecode": rng.choice(UNKNOWN_MUNICIPALITIES if is_strange else self.municipalities),
            "bsn": bsn,
            "type_opvang": rng.choice(NEW_TYPES if year >= 2024 else TYPES),
            "startdatum": start,
            "einddatum": end,
            "meldingsdatum": rng.choice(("", f"{year}-03-01", f"{year}-31-12", "2019-08-07")),
            "reden_einde": rng.choice(("", "01", "02", "03", "04", "05")),
            "v_nummer": v_number,
        }

    def _dates(self, year: int) -> tuple[str, str]:
        rng = self.rng
        first, last = date(year, 1, 1), date(year, 12, 31)
        day = timedelta(days=1)
        within = first + rng.randrange(365) * day
        start_edges = (first, first - day, last, last + day, date(year - 5, 2, 28))
        start = rng.choice(start_edges) if rng.random() < 0.3 else within
        end_edges = (first, first - day, last, last + day, start, start - day, date(year + 1, 2, 1))
        end = rng.choice(end_edges) if rng.random() < 0.25 else start + rng.randrange(300) * day
        texts = [moment.isoformat() for moment in (start, end)]
        texts = [f"{year}-31-12" if t == last.isoformat() and rng.random() < 0.5 else t for t in texts]
        return texts[0], "" if rng.random() < 0.2 else texts[1]

    def _numbers(self) -> tuple[str, str]:
        """The BSN and V-number as a supplier writes them."""
        rng, who = self.rng, self.rng.choice(self.clients)
        v_number = rng.choice(who.v_numbers) if who.v_numbers and rng.random() < 0.8 else ""
        if rng.random() < 0.04:  # another person's, so that BSN and V-number belong to two people
            v_number = rng.choice([*rng.choice(self.residents).v_numbers, str(rng.randrange(10**9, 10**10))])
        if who.bsn is None or rng.random() < (0.4 if v_number else 0.1):
            return rng.choice(("", "", "999999999", "000000000", "00000000", self._failing_bsn())), v_number
        has_lost_zero = who.bsn.startswith("0") and rng.random() < 0.5
        return who.bsn[1:] if has_lost_zero else who.bsn, v_number

    def _failing_bsn(self) -> str:
        usable = random_bsn(self.rng)
        failing = usable[:-1] + str((int(usable[-1]) + self.rng.randint(1, 9)) % 10)
        return failing[1:] if failing.startswith("0") and self.rng.random() < 0.5 else failing


def _moved(event: Event, at: datetime) -> Event:
    return Event(event.kind, event.supplier_id, at, event.path, event.reporting_year, event.accept_late)
