"""Sending mail: addresses and server from the environment, the queue, and mails to the analyst."""
