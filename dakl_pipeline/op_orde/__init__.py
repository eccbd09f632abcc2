"""The op-orde report on an approved file, for the coordinator of its supplier (monitor rules 3.2 and 4)."""
