"""The mail settings from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dakl_pipeline.mail.recipients import is_address
from resources.config.environment import PREFIX, RetryDelays, read_variables


class MailSettings(BaseSettings):
    """The mail server and the addresses of CBS: ``DAKL_SMTP_HOST``, ``DAKL_SMTP_PORT`` and so on.

    Attributes:
        smtp_host: Mail server; without one, mails stay in the home.
        smtp_port: Its port.
        smtp_username: Account on it, if it requires one.
        smtp_password: Password of that account.
        smtp_from: Sender address; ``mail_contact`` when not set.
        smtp_starttls: Whether to secure the connection; may be false only without a password.
        smtp_ca_file: Certificates to trust instead of those of the system (PEM).
        smtp_timeout: Seconds to wait for a reply.
        smtp_retry_delays: Seconds before each further attempt of ``dakl mails --send`` when the server is unavailable.
        mail_contact: Functional address of CBS: gets replies, and the mails of suppliers without a coordinator.
        mail_attachments_limit: Total size of the attachments of a mail in bytes; many mail servers accept 10 MB, and
            attachments grow by a third because they are sent as text.
        mail_analyst: Address that gets the mails to the analyst; ``mail_contact`` when not set.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, hide_input_in_errors=True)

    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535, description="a port from 1 to 65535, such as 587")
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None
    smtp_starttls: bool = Field(default=True, description="true or false")
    smtp_ca_file: Path | None = None
    smtp_timeout: float = Field(default=20, gt=0, allow_inf_nan=False, description="a number of seconds, such as 20")
    smtp_retry_delays: RetryDelays = (1, 2, 4, 8, 16)
    mail_contact: str = "monitor-dakloosheid@cbs.example"
    mail_attachments_limit: int = Field(default=7_000_000, ge=0)
    mail_analyst: str | None = None

    @field_validator("smtp_from", "mail_contact", "mail_analyst")
    @classmethod
    def _is_address(cls, text: str | None) -> str | None:
        if text is not None and not is_address(text):
            raise ValueError("not a mail address; write one such as monitor@example.org")
        return text

    @model_validator(mode="after")
    def _password_is_not_sent_in_the_open(self) -> "MailSettings":
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("smtp_username and smtp_password go together")
        if self.smtp_password is not None and not self.smtp_starttls:
            raise ValueError("smtp_starttls=false would send the password unprotected")
        return self

    @property
    def sender(self) -> str:
        """The sender address of mails."""
        return self.smtp_from or self.mail_contact

    @property
    def analyst(self) -> str:
        """The address that gets the mails to the analyst."""
        return self.mail_analyst or self.mail_contact


def load_mail_settings() -> MailSettings:
    """Read the mail settings from the environment.

    Raises:
        WrongUsage: If one of them is invalid.
    """
    return read_variables(MailSettings)
