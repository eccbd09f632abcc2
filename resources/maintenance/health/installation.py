"""The checks of the installation: folder and disk, key, settings, mail and versions of the program."""

import os
import platform
import shlex
import shutil
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import metadata

from packaging.utils import canonicalize_name

from dakl_pipeline.errors import Missing
from dakl_pipeline.operation.health import (
    HealthFinding,
    evaluate_format,
    evaluate_key,
    evaluate_libraries,
    evaluate_room,
)
from dakl_pipeline.presentation.english import summarise
from resources.config.environment import PREFIX, DeliveryLimits, Environment, load_environment, read_variables
from resources.config.secret_key import find_key, is_open_to_others, key_file_of
from resources.config.settings import load_methodology
from resources.config.versions import versions
from resources.mail.settings import MailSettings, load_mail_settings
from resources.maintenance.health.context import Context
from resources.storage.audit_heads import FOLDER_VARIABLE
from resources.storage.home_format import FORMAT, format_of
from resources.workflows.supplier_mail import coordinators_of

_DISTRIBUTION = "dakl-pipeline"


def layout(context: Context) -> Iterator[HealthFinding]:
    """The format of the home."""
    yield evaluate_format(format_of(context.home), present=FORMAT)


def folder(context: Context) -> Iterator[HealthFinding]:
    """The folder itself: whether it is writable and closed to others."""
    home = context.home
    home.require_own_links()
    places = (home.root, home.deliveries, home.stages, home.history, home.audit, home.reports, home.mails, home.dagster)
    closed = [path.name for path in places if path.exists() and not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        yield HealthFinding(
            "home",
            "fault",
            f"cannot be written: {summarise(closed)}",
            "make the disk writable and give the folder to the account that runs dakl; figures stay readable meanwhile",
        )
    elif home.root.stat().st_mode & 0o007:
        yield HealthFinding(
            "home",
            "warning",
            "open to every account on this machine, and it holds BSNs",
            f"`chmod 700 {shlex.quote(str(home.root))}`",
        )
    else:
        yield HealthFinding("home", "ok", f"{home.root}, writable and closed to others")


def disk(context: Context) -> Iterator[HealthFinding]:
    """Free space for the next run."""
    paths = [context.home.warehouse, *context.home.stages.rglob("*.parquet")]
    needed = sum(path.stat().st_size for path in paths if path.is_file())
    yield evaluate_room(shutil.disk_usage(context.home.root).free, needed=needed)


def key(context: Context) -> Iterator[HealthFinding]:
    """The key: present, closed to others, and the one that the figures were made with."""
    given = load_environment()
    file = key_file_of(context.home, given)
    try:
        found = find_key(context.home, given)
    except Missing as error:
        # The advice in the error is for a new home: a new key does not replace a lost one.
        yield HealthFinding("key", "fault", str(error).partition(": ")[0], "put it back from its copy in a safe place")
        return
    yield evaluate_key(context.stages.known_key_id(found.check_value), context.history.readable().values())
    if file is not None and is_open_to_others(file, context.home):
        yield HealthFinding(
            "key file", "fault", f"{file} can be read by others", f"`chmod 600 {shlex.quote(str(file))}`"
        )


def settings(context: Context) -> Iterator[HealthFinding]:
    """The settings of the statistic."""
    load_methodology(context.home)
    own = "those of the home and of the package" if context.home.settings_file.exists() else "those of the package"
    yield HealthFinding("settings", "ok", own)


def environment(context: Context) -> Iterator[HealthFinding]:
    """The variables of the environment: each is known and valid; another check validates those about mail."""
    load_environment()
    read_variables(DeliveryLimits)
    groups = (Environment, DeliveryLimits, MailSettings)
    known = {f"{PREFIX}{name.upper()}" for group in groups for name in group.model_fields}
    known |= {
        f"{PREFIX}HOME",
        FOLDER_VARIABLE,
        *(f"{PREFIX}POSTGRES_{name}" for name in ("HOST", "PORT", "DB", "USER", "PASSWORD")),
    }
    given = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    for name in given:
        if name.upper() not in known:
            close = get_close_matches(name.upper(), sorted(known), n=1)
            to_do = f"remove or correct it: did you mean {close[0]}?" if close else "remove or correct it"
            yield HealthFinding("environment", "warning", f"dakl does not know {name}", to_do)
    if all(name.upper() in known for name in given):
        yield HealthFinding("environment", "ok", f"{summarise(given)}" if given else "nothing is set")


def mail(context: Context) -> Iterator[HealthFinding]:
    """The mail settings and the coordinators; no connection is made."""
    mail_settings = load_mail_settings()
    coordinators = coordinators_of(context.home)
    if mail_settings.smtp_host is None:
        yield HealthFinding("mail", "ok", "no mail server is set, so mails stay in the home")
    elif mail_settings.smtp_ca_file is not None and not mail_settings.smtp_ca_file.is_file():
        yield HealthFinding(
            "mail", "fault", "the file of DAKL_SMTP_CA_FILE does not exist", "put it there or remove the setting"
        )
    elif mail_settings.analyst.endswith(".example"):
        yield HealthFinding(
            "mail", "warning", "no address for the analyst", "set DAKL_MAIL_ANALYST or DAKL_MAIL_CONTACT"
        )
    else:
        yield HealthFinding("mail", "ok", f"a server and {len(coordinators)} suppliers with a coordinator")


def program(context: Context) -> Iterator[HealthFinding]:
    """The versions of the program, its rules and its libraries."""
    own = metadata.distribution(_DISTRIBUTION)
    installed: dict[str, str] = {canonicalize_name(each.name): each.version for each in metadata.distributions()}
    wrong = evaluate_libraries(own.requires or [], installed)
    yield from wrong
    if not wrong:
        made = versions()
        shown = ", ".join(f"{name} {made[name]}" for name in ("dagster", "polars", "duckdb"))
        yield HealthFinding(
            "versions",
            "ok",
            f"dakl {made['dakl-pipeline']}, rule catalogue {made['rule catalogue']}, Python "
            f"{platform.python_version()}, {shown}",
        )
