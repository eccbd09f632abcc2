"""The mails to suppliers: what they say, in Dutch, and how they look.

Belongs here: pure functions from a log entry and findings to a message. Does not belong here: where mails are kept and
how they are sent (``resources``), and the texts about a rule (the catalogue). A mail never holds delivered data.
"""
