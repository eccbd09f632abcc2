"""Invalid settings: reported with file or variable and the value to write, by every command."""

from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.errors import Refused, WrongUsage
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.mail.settings import load_mail_settings
from tests.support.rounds import round_of_2026
from tests.support.small_home import make_home

ROUND = round_of_2026(2024, 2025)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('time_zone = "Amsterdam"', "time_zone (not a time zone of the IANA list; write Europe/Amsterdam)"),
        ('time_zone = "Europe/amsterdam "', "write Europe/Amsterdam"),
        ('time_zone = "Europe/Amsterdm"', "write Europe/Amsterdam"),
        ('time_zone = "paramaribo"', "write America/Paramaribo"),
        ('time_zone = "Europe"', "time_zone (not a time zone"),
        ('time_zone = ""', "time_zone (not a time zone"),
        ('time_zone = "../../etc/passwd"', "time_zone (not a time zone"),
        ('time_zone = "/etc/passwd"', "time_zone (not a time zone"),
        ('time_zone = "a\\u0000b"', "time_zone (not a time zone"),
        ("time_zone = 1", "time_zone (write a name of the IANA"),
        ("reporting_years = []", "reporting_years (list at least one year, and each year once)"),
        ("reporting_years = [2024, 2024]", "reporting_years (list at least one year, and each year once)"),
        ("reporting_years = 2024", "reporting_years (write a list of different years"),
        ("reporting_years = [24]", "reporting_years (write a list of different years"),
        ("reporting_years = [20224]", "reporting_years (write a list"),
        ('reporting_years = ["all"]', "reporting_years (write a list"),
        ("reporting_years = [2024-01-01]", "reporting_years (write a list"),
        ("adult_age = 0", "adult_age (write an age"),
        ("adult_age = 180", "adult_age (write an age"),
        ("adult_age = 17.5", "adult_age (write an age"),
        ("adult_age = true", "adult_age (write an age"),
        ('adult_age = "18"', "adult_age (write an age"),
        ("adults_only_until_year = 23", "adults_only_until_year (write a year"),
        ('adults_only_until_year = "always"', "adults_only_until_year (write a year"),
        ("long_open_days = 0", "long_open_days (write a whole number of days"),
        ("long_open_days = -365", "long_open_days (write"),
        ("long_open_days = inf", "long_open_days (write"),
        ("long_open_days = 1979-05-27", "long_open_days (write"),
        ('missing_bsn_values = "999999999"', "missing_bsn_values (write a list of texts of nine digits"),
        ("missing_bsn_values = [999999999]", "missing_bsn_values (write a list of texts"),
        ('missing_bsn_values = ["99999999"]', "missing_bsn_values (write a list of texts"),
        ('missing_bsn_values = ["unknown"]', "missing_bsn_values (write a list of texts"),
        ('timezone = "Europe/Amsterdam"', "timezone (there is no such setting; write time_zone)"),
        ("xyz = 1", "xyz (there is no such setting)"),
        (f"{ROUND}\nadult_age = 18", "rounds.2026.adult_age (write it above the first [table]"),
        ("[rounds.26]\nsource = 'x'", "rounds.26.round (write the year of the round"),
        (ROUND.replace("2026-04-01", "2026-04-01T00:00:00"), "rounds.2026.delivery_start (write a day without a time"),
        (ROUND.replace("2026-04-01", "20260401"), "rounds.2026.delivery_start (write a day"),
        (ROUND.replace("2026-06-22", '"22-06-2026"'), "rounds.2026.processing_start (write a day"),
        (ROUND.replace("2026-06-22", "2026-06-10"), "processing_start must not be before the end"),
        (
            ROUND.replace("2026-06-01", "2026-03-01"),
            "delivery_start, delivery_end and extension_end must be in this order",
        ),
        (ROUND.replace("2026-06-19", "2026-06-01"), "withdrawal_start and withdrawal_end must be in this order"),
        (ROUND.replace("2024, 2025", "2025, 2025"), "each year once"),
        (ROUND.replace("2024, 2025", "20245"), "rounds.2026.reporting_years (write a list"),
        (ROUND.replace('"2026-09"', '"September"'), "rounds.2026.advice_month (write a month"),
        (ROUND.replace('"letter of CBS"', '""'), "rounds.2026.source (write where the round comes from"),
        (ROUND.replace("processing_start", "processing"), "rounds.2026.processing_start (it is missing; write a day"),
        ("time_zone = Europe/Amsterdam", "line 1, is not readable as TOML"),
        ("adult_age = 18\nadult_age = 21", "is not readable as TOML"),
        ("\ufeffadult_age = 18", "is not readable as TOML"),
    ],
)
def test_a_setting_of_the_statistic(text: str, said: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings_file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        load_methodology(home)
    assert said in str(caught.value)
    assert str(home.settings_file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('time_zone = "America/Paramaribo"', "time_zone", "America/Paramaribo"),
        ("reporting_years = [2024, 2022]", "reporting_years", (2024, 2022)),
        ("missing_bsn_values = []", "missing_bsn_values", ()),
        ("", "adult_age", 18),
    ],
)
def test_a_setting_that_can_be(text: str, name: str, value: object, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings_file.write_text(text)
    assert getattr(load_methodology(home), name) == value


COMMANDS = (
    ["deliver", "DAKL_J2024_x.csv", "--supplier", "x"],
    ["withdraw", "--supplier", "x", "--year", "2024"],
    ["deliveries"],
    ["report", "--supplier", "x", "--year", "2024"],
    ["run", "--all"],
    ["figures", "--year", "2024"],
    ["explain-figure", "--year", "2024", "--region", "NL"],
    ["export", "statistics.coverage", "--year", "2024", "--out", "x.csv"],
    ["check", "DAKL_J2024_x.csv"],
    ["mails"],
    ["ui"],
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a key and registers."""
    return make_home(tmp_path)


@pytest.mark.parametrize("kind", ["text", "folder", "no rights"])
def test_every_command_names_the_setting_and_the_doctor_goes_on(
    kind: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "settings.toml"
    if kind == "text":
        file.write_text('time_zone = "Amsterdam"\n')
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/proc/self/mem")
    for command in COMMANDS:
        assert main([*command, "--home", str(home)]) == 1, command
        assert str(file) in capsys.readouterr().err, command
    assert main(["doctor", "--home", str(home)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert any(line.startswith("fault") and "settings " in line and str(file) in line for line in told)
    assert ": 1 fault," in told[-1]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DAKL_SMTP_PORT", "smtp", "write a port from 1 to 65535"),
        ("DAKL_SMTP_PORT", "0", "write a port"),
        ("DAKL_SMTP_PORT", "70000", "write a port"),
        ("DAKL_SMTP_PORT", "587,", "write a port"),
        ("DAKL_SMTP_STARTTLS", "maybe", "write true or false"),
        ("DAKL_SMTP_TIMEOUT", "-1", "write a number of seconds"),
        ("DAKL_SMTP_TIMEOUT", "20s", "write a number of seconds"),
        ("DAKL_SMTP_TIMEOUT", "inf", "write a number of seconds"),
        ("DAKL_SMTP_RETRY_DELAYS", "1,2", "write a list of seconds"),
        ("DAKL_SMTP_RETRY_DELAYS", "[1, -2]", "write a list of seconds"),
        ("DAKL_MAIL_CONTACT", "the monitor", "not a mail address"),
        ("DAKL_RERUN_RETRY_DELAYS", "300", "write a list of seconds"),
        ("DAKL_RERUN_RETRY_DELAYS", "300 900", "write a list of seconds"),
        ("DAKL_RERUN_RETRY_DELAYS", '{"a": 1}', "write a list of seconds"),
        ("DAKL_RERUN_RETRY_DELAYS", "[NaN]", "write a list of seconds"),
        ("DAKL_RERUN_INTERVAL", "0", "write a whole number of seconds"),
        ("DAKL_RERUN_INTERVAL", "often", "write a whole number of seconds"),
        ("DAKL_UI_ADDRESS", "dakl.internal", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "https://dakl.internal/", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "https://*.internal", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "https://anna@dakl.internal", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "https://", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "null", "write addresses without a path"),
        ("DAKL_UI_ADDRESS", "https://dakl.internal https://x.internal", "write addresses without a path"),
    ],
)
def test_a_variable_of_the_environment(
    name: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    load = load_environment if name.startswith(("DAKL_RERUN", "DAKL_UI")) else load_mail_settings
    with pytest.raises(WrongUsage) as caught:
        load()
    assert name in str(caught.value)
    assert said in str(caught.value)
    assert main(["doctor", "--home", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert any(line.startswith("fault") and name in line for line in told.splitlines())


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("", ()),
        ("https://dakl.internal", ("https://dakl.internal",)),
        ("HTTPS://Dakl.Internal, http://10.0.0.1:8080,", ("https://dakl.internal", "http://10.0.0.1:8080")),
        # A browser leaves out the port that a scheme has anyway.
        ("https://dakl.internal:443,http://dakl.internal:80", ("https://dakl.internal", "http://dakl.internal")),
        ("https://dakl.internal:80", ("https://dakl.internal:80",)),
    ],
)
def test_the_addresses_of_the_ui_are_as_a_browser_writes_them(
    value: str, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAKL_UI_ADDRESS", value)
    assert load_environment().ui_address == addresses


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("DAKL_SMPT_HOST", "did you mean DAKL_SMTP_HOST?"),
        ("DAKL_RERUN_RETRY_DELAY", "did you mean DAKL_RERUN_RETRY_DELAYS?"),
        ("DAKL_PSEUDONYM_KEYFILE", "did you mean DAKL_PSEUDONYM_KEY_FILE?"),
        ("DAKL_XYZZY", "remove or correct it"),
    ],
)
def test_a_variable_that_means_nothing_is_a_warning_of_the_doctor(
    name: str, advice: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "secret-123456782")
    main(["doctor", "--home", str(home)])
    told = capsys.readouterr().out
    [line] = [line for line in told.splitlines() if name in line]
    assert line.startswith("warning")
    assert advice in line
    assert "secret" not in told
    assert "123456782" not in told
