"""Every attack, in the order of the list of what was broken into."""

import pkgutil
import re
from importlib import import_module

from tests import attacks
from tests.attacks.attack import Attack


def _place(attack: Attack) -> tuple[int, str]:
    number = re.fullmatch("([0-9]+)([a-z]*)", attack.number)
    assert number is not None
    return int(number[1]), number[2]


_NAMES = [module.name for module in pkgutil.iter_modules(attacks.__path__) if module.name != "__main__"]
_MODULES = [import_module(f"{attacks.__name__}.{name}") for name in _NAMES]
ALL: list[Attack] = sorted(
    (attack for module in _MODULES if hasattr(module, "ATTACKS") for attack in module.ATTACKS.listed), key=_place
)
