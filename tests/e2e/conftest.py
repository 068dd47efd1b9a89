"""A headless Chromium whose microphone plays a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.server.echo import EchoDesk, serve_desk

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")

# Nothing but this machine can be reached, so a page that asked for something else would fail here.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=document-user-activation-required",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,800",
)


@dataclass
class Browser:
    """A page on one server, with the words that tests use."""

    driver: webdriver.Chrome
    microphone: Path
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def open(self, path: str = "") -> None:
        self.driver.get(self.url + path)

    def find(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        return [found.text for found in self.driver.find_elements(By.CSS_SELECTOR, css)]

    def wait_text(self, css: str, text: str, seconds: float = 10) -> None:
        """Wait until one of the elements shows `text`."""

        def is_shown(_driver: object) -> bool:
            shown = self.driver.execute_script(
                "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", css
            )
            return any(text in one for one in shown)

        WebDriverWait(self.driver, seconds, 0.05).until(is_shown, f"{text!r} in {css}")

    def wait_for(self, condition: object, seconds: float = 10) -> None:
        """Wait until a condition of ours holds."""
        assert callable(condition)
        WebDriverWait(self.driver, seconds, 0.05).until(lambda _driver: condition())

    def set_microphone(self, setting: str) -> None:
        """Let the person allow (`granted`) or refuse (`denied`) the microphone to this page."""
        permission = {
            "origin": self.url.rstrip("/"),
            "permission": {"name": "microphone"},
            "setting": setting,
        }
        self.driver.execute_cdp_cmd("Browser.setPermission", permission)

    def read_console(self) -> list[str]:
        """Return what the browser logged since the last time."""
        entries: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]

    def run(self, script: str, *values: object) -> Any:
        """Run the body of an async JavaScript function in the page; returns its JSON value."""
        done = "const done = arguments[arguments.length - 1];"
        body = f"{done} (async (...args) => {{ {script} }})(...arguments).then(done, e => done(String(e)))"
        return self.driver.execute_async_script(body, *values)

    def start(self, agent: str = "echo") -> None:
        self.wait_text("#agents", agent)
        self.find(f'#agents input[value="{agent}"]').click()
        self.find("#start").click()

    def say(self, text: str) -> None:
        self.find("#words").send_keys(text + "\n")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("needs chromium and chromedriver on the PATH")
    folder = tmp_path_factory.mktemp("chromium")
    microphone = folder / "caller.wav"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    # Chromium opens the file anew for each call, so each test can bring its own.
    options.add_argument(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    try:
        yield Browser(driver, microphone)
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def laboratory(chromium: Browser) -> Iterator[Browser]:
    """One page for tests that only want the browser's JavaScript."""
    with serve_desk(EchoDesk()) as port:
        chromium.port = port
        chromium.open()
        yield chromium


@pytest.fixture
def desk() -> EchoDesk:
    return EchoDesk()


@pytest.fixture
def browser(chromium: Browser, desk: EchoDesk) -> Iterator[Browser]:
    """The page of `desk`; the test fails if the browser complained on its console."""
    with serve_desk(desk) as port:
        chromium.port = port
        chromium.read_console()
        chromium.set_microphone("granted")
        chromium.open()
        yield chromium
        complaints = chromium.read_console()
        chromium.driver.get("about:blank")
    # The browser itself logs refused sockets and answers, whatever the page does.
    expected = ("WebSocket connection", "status of 503")
    assert [one for one in complaints if not any(part in one for part in expected)] == []
