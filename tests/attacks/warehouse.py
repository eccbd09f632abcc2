"""What the warehouse and the tables between the stages tell an insider."""

from tests.attacks.attack import Attacks

ATTACKS = Attacks()
