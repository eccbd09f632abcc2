"""Signatures that only the holder of the pseudonym key can make and check: HMAC-SHA-256 with a key derived from it."""

import hashlib
import hmac

from dakl_pipeline.privacy.pseudonyms import PseudonymKey

_BACKUP = b"dakloos/v1|backup-signature|"


def signature_of_backup(listed: bytes, key: PseudonymKey) -> str:
    """The signature of the list of a backup: 64 hexadecimal characters.

    Args:
        listed: The list, byte for byte.
        key: The secret key.
    """
    derived = hmac.digest(key.reveal().encode("ascii"), _BACKUP, "sha256")
    return hmac.new(derived, listed, hashlib.sha256).hexdigest()


def is_signature_of_backup(signature: str, listed: bytes, key: PseudonymKey) -> bool:
    """Whether a signature was made of this list with this key."""
    return hmac.compare_digest(signature.encode(), signature_of_backup(listed, key).encode())
