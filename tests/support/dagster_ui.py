"""The Dagster UI of a home, started as a user starts it and viewed in a real browser."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.environment import DEADLINE_SECONDS, find_program, free_port, wait_until

_STANDS_STILL_SECONDS = 3
_CLICK_AGAIN_SECONDS = 5
_CHROMIUM_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def find_chromium() -> tuple[str, str]:
    """Chromium and its driver.

    Raises:
        FileNotFoundError: If one of them is not installed.
    """
    return find_program("chromium", package="chromium"), find_program("chromedriver", package="chromium-driver")


@dataclass(frozen=True)
class RunningUi:
    """A UI that has loaded the assets.

    Attributes:
        port: Its port.
        link: The path and query of the link that the command prints.
    """

    port: int
    link: str


@contextmanager
def running_ui(home: Path) -> Iterator[RunningUi]:
    """Run ``dakl ui`` on a home, and stop it as Ctrl-C does.

    Args:
        home: The home.

    Yields:
        The UI, once the assets are loaded.

    Raises:
        RuntimeError: If it does not start, or does not end properly.
    """
    port = free_port()
    command = [str(Path(sys.executable).with_name("dakl")), "ui", "--home", str(home.resolve()), "--port", str(port)]
    with tempfile.TemporaryDirectory(prefix="dakl-ui-") as elsewhere, tempfile.TemporaryFile() as log:
        ui = subprocess.Popen(command, cwd=elsewhere, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            wait_until(lambda: _has_assets(port) or ui.poll() is not None)
            if ui.poll() is not None:
                raise RuntimeError(f"dakl ui ended with exit code {ui.returncode}:\n{_text(log)}")
            printed = re.search(rf"http://127\.0\.0\.1:{port}(/\S+)", _text(log))
            yield RunningUi(port, printed[1] if printed else "")
        finally:
            # A terminal sends Ctrl-C to all processes of a command.
            with suppress(ProcessLookupError):
                os.killpg(ui.pid, signal.SIGINT)
            try:
                ui.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(ui.pid, signal.SIGKILL)
                ui.wait()
        if ui.returncode != 0:
            raise RuntimeError(f"dakl ui ended with exit code {ui.returncode} after Ctrl-C:\n{_text(log)}")


@contextmanager
def browser(
    port: int, *, width: int, height: int, scale: float = 1.0, options: Sequence[str] = ()
) -> Iterator["Screen"]:
    """Run Chromium without a window.

    Args:
        port: Port of the UI.
        width: Width of the page in points.
        height: Height of the page in points.
        scale: Pixels of a picture per point.
        options: Further options of Chromium.

    Yields:
        The screen.
    """
    chromium, driver = find_chromium()
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = chromium
    with tempfile.TemporaryDirectory(prefix="dakl-chromium-", ignore_cleanup_errors=True) as profile:
        for option in (*_CHROMIUM_OPTIONS, f"--user-data-dir={profile}", *options):
            chosen.add_argument(option)
        chrome = webdriver.Chrome(options=chosen, service=webdriver.ChromeService(driver))
        try:
            screen = Screen(chrome, f"http://127.0.0.1:{port}")
            screen.resize(width, height, scale)
            yield screen
        finally:
            chrome.quit()


class Screen:
    """A page of the UI as a user sees it; every method waits until its text or element is shown.

    Attributes:
        visited: The source of every page at the time it was left.
    """

    def __init__(self, chrome: webdriver.Chrome, address: str) -> None:
        self._chrome = chrome
        self._address = address
        self.visited: list[str] = []

    def resize(self, width: int, height: int, scale: float = 1.0) -> None:
        """Set the size of the page in points, and the pixels per point of its pictures."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, path: str, *texts: str) -> None:
        """Open a page and wait until it shows some texts."""
        self.leave()
        self._chrome.get(self._address + path)
        self.wait_for(*texts)

    def visit(self, address: str, script: str) -> Any:
        """Open a page of any site and run a script in it, which calls its last argument with what it returns."""
        self._chrome.get(address)
        self._chrome.set_script_timeout(DEADLINE_SECONDS)
        return self._chrome.execute_async_script(script)

    def leave(self) -> None:
        """Keep the source of the page."""
        self.visited.append(self._chrome.page_source)

    def text(self) -> str:
        """All text on the screen."""
        shown: str = self._chrome.execute_script("return document.body?.innerText ?? ''")
        return shown

    def wait_for(self, *texts: str) -> None:
        """Wait until all texts are shown."""
        missing = list(texts)

        def all_are_there() -> bool:
            shown = self.text()
            missing[:] = [text for text in texts if text not in shown]
            return not missing

        try:
            wait_until(all_are_there)
        except TimeoutError:
            raise AssertionError(f"{missing} not on the page, which shows:\n{self.text()}") from None

    def click(self, text: str, *, until: str | None = None) -> None:
        """Click the element that shows a text, or a text that starts with it.

        Args:
            text: The text.
            until: Text that the click brings up; the click is repeated, as a page that is still loading may lose it.
        """
        quoted = json.dumps(text, ensure_ascii=False)
        again_at = 0.0

        def clicked() -> bool:
            nonlocal again_at
            if until is not None and until in self.text():
                return True
            if time.monotonic() < again_at:
                return False
            again_at = time.monotonic() + _CLICK_AGAIN_SECONDS
            elements = self._chrome.find_elements("xpath", f"//*[starts-with(normalize-space(text()), {quoted})]")
            try:
                shown = next(element for element in reversed(elements) if element.is_displayed())
                shown.click()
            except (StopIteration, WebDriverException):
                # Not there yet, or removed just before the click.
                again_at = 0.0
                return False
            return until is None

        try:
            wait_until(clicked)
        except TimeoutError:
            raise AssertionError(f"clicking {quoted} did nothing on the page, which shows:\n{self.text()}") from None

    def close_menu(self) -> None:
        """Close an open menu with Escape."""
        ActionChains(self._chrome).send_keys(Keys.ESCAPE).perform()

    def wait_for_row(self, first_cell: str, text: str) -> None:
        """Wait until the table row that starts with a cell holds a text."""
        find = (
            "return [...document.querySelectorAll('tr')].find(row => row.cells[0]?.innerText.trim() === arguments[0])"
        )
        try:
            wait_until(lambda: text in (self._chrome.execute_script(f"{find}?.innerText", first_cell) or ""))
        except TimeoutError:
            raise AssertionError(f"no {text} in row {first_cell}; the page shows:\n{self.text()}") from None

    def picture_now(self, path: Path) -> None:
        """Save the screen as PNG immediately, for a page with a running clock."""
        path.write_bytes(self._chrome.get_screenshot_as_png())

    def picture(self, path: Path) -> None:
        """Save the screen as PNG once it has stopped changing."""
        picture, since = b"", time.monotonic()

        def stands_still() -> bool:
            nonlocal picture, since
            before, picture = picture, self._chrome.get_screenshot_as_png()
            if picture != before:
                since = time.monotonic()
            return time.monotonic() - since > _STANDS_STILL_SECONDS

        wait_until(stands_still)
        path.write_bytes(picture)


def _has_assets(port: int) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": "{ assetNodes { id } }"}).encode(),
        headers={"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
            return bool(json.load(answer)["data"]["assetNodes"])
    except OSError:
        return False


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")
