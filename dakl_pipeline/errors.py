"""The errors that users see, each with its exit code.

No message may contain a BSN, a V-number, a pseudonym or the key.
"""


class DaklError(Exception):
    """Base of every error whose message is shown to users unchanged.

    Attributes:
        exit_code: Process exit code of the command line (0 done, 1 refused, 2 usage, 3 missing).
    """

    exit_code = 1


class Refused(DaklError):
    """The data were refused: a rejected delivery, a failed blocking check, a closed window."""

    exit_code = 1


class WrongUsage(DaklError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class Missing(DaklError):
    """Something that the command needs is missing: home, key, register, figures."""

    exit_code = 3
