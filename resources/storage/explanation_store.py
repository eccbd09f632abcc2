"""The explanations of suppliers: one file each, never changed, beside the delivery log.

Belongs here: keeping an explanation whole or not at all, with several processes at once. Does not belong here: what an
explanation may say (``dakl_pipeline.op_orde``) and where it is shown.

``deliveries/explanations/2024/<supplier>/000001.json``. A file is made complete under another name and then linked to
its place, which fails when another process was first: then the next place is tried.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from dakl_pipeline.errors import Refused
from dakl_pipeline.op_orde.explanations import Explanation

_FOLDER = "explanations"


class ExplanationStore:
    """The explanations of one home.

    Args:
        deliveries: The folder of the delivery log.
    """

    def __init__(self, deliveries: Path) -> None:
        self._root = deliveries / _FOLDER

    def append(self, supplier_id: str, year: int, make_explanation: Callable[[int], Explanation]) -> Explanation:
        """Keep an explanation.

        Args:
            supplier_id: Whose it is.
            year: Reporting year.
            make_explanation: Makes the explanation from its place.

        Returns:
            The explanation as kept.

        Raises:
            Refused: If it cannot be written; nothing is kept then.
        """
        folder = self._folder(supplier_id, year)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            while True:
                sequence = max((int(path.stem) for path in folder.glob("*.json")), default=0) + 1
                explanation = make_explanation(sequence)
                if _link_complete(folder / f"{sequence:06d}.json", explanation.model_dump_json(indent=2) + "\n"):
                    return explanation
        except OSError as error:
            problem = os.strerror(error.errno or 0)
            raise Refused(f"the explanation cannot be written ({problem}): nothing was kept, try again") from None

    def explanations(self, supplier_id: str, year: int) -> list[Explanation]:
        """Every explanation of a supplier about a year, oldest first.

        Raises:
            Refused: If one is not readable; says which.
        """
        return [_read(path) for path in sorted(self._folder(supplier_id, year).glob("*.json"))]

    def _folder(self, supplier_id: str, year: int) -> Path:
        return self._root / str(year) / supplier_id


def _read(path: Path) -> Explanation:
    try:
        return Explanation.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise Refused(f"the explanation {path} is not readable: restore it") from None


def _link_complete(path: Path, text: str) -> bool:
    """Write a file that is not there yet, complete or not at all.

    Returns:
        Whether it was written; False when there is a file of that name already.
    """
    descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink(missing_ok=True)
    return True
