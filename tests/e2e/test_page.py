"""The page in a real browser, against a desk that echoes."""

from __future__ import annotations

import itertools

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from agentrun.conversation.inputs import CallerLeft, CallerText
from agentrun.secret import Secret
from tests.e2e.conftest import Browser
from tests.server.echo import EchoDesk, serve_desk

pytestmark = pytest.mark.browser


def test_a_typed_conversation(browser: Browser) -> None:
    browser.wait_text("#engine", "echo engine, no key needed")
    browser.start()
    browser.wait_text(".turn.agent .words", "Hello, this is the echo.")
    browser.say("Where is my order A1001?")
    browser.wait_text(".turn.caller .words", "Where is my order A1001?")
    browser.wait_text(".turn.agent .words", "You said: Where is my order A1001?")
    browser.wait_text(".turn.agent .note", "first sound after 0.42 s")
    (tool,) = browser.texts("li.tool")
    for part in ("look_up", "done in 0.8 s", "Where is my order A1001?", "One moment, please.", '"pages": 3'):
        assert part in tool.replace("0.9 s", "0.8 s")
    browser.say("fail")
    browser.wait_text("li.tool.not-ok", "The day is full.")
    browser.wait_text("#notices", "The day is full. Try another.")
    browser.find("#hang-up").click()
    browser.wait_text("#after-text", "You hung up.")


def test_what_was_not_heard_is_struck_out(browser: Browser, desk: EchoDesk) -> None:
    browser.start()
    browser.wait_text("#state", "Listening")
    browser.say("long")
    browser.wait_text("#state", "Speaking")
    browser.wait_for(lambda: max(desk.played().get("agent_long", [0])) > 300)
    browser.say("stop")
    browser.wait_text(".unheard", "and nobody hears the end of it.")
    browser.wait_text("#state", "Listening")
    assert max(desk.played()["agent_long"]) < 4000


def test_all_that_was_played_is_acknowledged_to_the_millisecond(browser: Browser, desk: EchoDesk) -> None:
    desk.answer_ms = 1000
    browser.start()
    browser.wait_for(lambda: 1000 in desk.played().get("agent_0", []))
    browser.say("once more")
    browser.wait_for(lambda: 1000 in desk.played().get("agent_1", []))
    for acks in desk.played().values():
        assert all(a < b for a, b in itertools.pairwise(acks))
        assert len(acks) >= 4  # about every 200 ms


def test_the_keyboard_is_enough(browser: Browser, desk: EchoDesk) -> None:
    browser.wait_text("#agents", "echo")

    def press(*keys: str) -> str:
        ActionChains(browser.driver).send_keys(*keys).perform()
        focused: str = browser.driver.execute_script(
            "const e = document.activeElement; return e.id || e.value || e.tagName"
        )
        return focused

    assert press(Keys.TAB) == "echo"
    assert press(Keys.ARROW_DOWN) == "메아리"
    assert press(Keys.ARROW_UP) == "echo"
    assert press(Keys.TAB) == "use-microphone"
    press(Keys.SPACE)
    assert press(Keys.TAB) == "headphones"
    assert press(Keys.TAB) == "start"
    assert press(Keys.ENTER) == "words"
    browser.wait_text("#state", "Listening")
    press("hello there", Keys.ENTER)
    browser.wait_text(".turn.agent .words", "You said: hello there")
    assert press(Keys.TAB) == "send"
    assert press(Keys.TAB) == "hang-up"
    outline = browser.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(Keys.ENTER)
    browser.wait_text("#after-text", "You hung up.")
    assert press(Keys.ENTER) == "words"  # "Start again" had the focus
    browser.wait_text(".turn.agent .words", "Hello, this is the echo.")
    assert CallerText("hello there") in desk.seen


def test_finished_turns_are_announced(browser: Browser) -> None:
    browser.start()
    browser.wait_text("#announcer", "Agent: Hello, this is the echo.")
    assert browser.find("#announcer").get_attribute("aria-live") == "polite"
    labels = browser.driver.execute_script(
        "return [...document.querySelectorAll('input, button')].filter(e => e.offsetParent)"
        ".filter(e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
    )
    assert labels == []


def test_an_agent_that_wants_to_know_something_first(browser: Browser) -> None:
    browser.wait_text("#agents", "club")
    browser.find('#agents input[value="club"]').click()
    browser.find("#start").click()  # the empty field holds the call back
    assert browser.find("#lobby").is_displayed()
    browser.find('[name="variable:member"]').send_keys("M-7\n")
    browser.wait_text(".turn.agent .words", "Hello, this is the echo.")


def test_a_model_that_cannot_be_reached(browser: Browser) -> None:
    browser.start("offline")
    browser.wait_text("#notices", "Nobody listens at ws://127.0.0.1:1. Start it.")
    browser.wait_text("#after-text", "The call could not go on.")


def test_a_server_without_agents(browser: Browser, desk: EchoDesk) -> None:
    desk.cards = ()
    browser.open()
    browser.wait_text("#agents", "No agent is served.")
    assert not browser.find("#start").is_enabled()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"draining": True}, "The server takes no call now: the server is shutting down."),
        ({"max_calls": 0}, "All lines are busy."),
        ({"cards": ()}, "The agent “echo” is no longer served."),
    ],
)
def test_a_refused_call_is_explained(
    browser: Browser, desk: EchoDesk, change: dict[str, object], words: str
) -> None:
    browser.wait_text("#agents", "echo")
    for name, value in change.items():
        setattr(desk, name, value)
    browser.start()
    browser.wait_text("#after-text", words)


def test_a_server_that_goes_away_in_mid_call(chromium: Browser, desk: EchoDesk) -> None:
    with serve_desk(desk) as port:
        chromium.port = port
        chromium.open()
        chromium.start()
        chromium.wait_text(".turn.agent .words", "Hello, this is the echo.")
    chromium.wait_text("#after-text", "The connection to the server was lost")
    chromium.find("#again").click()
    chromium.wait_text("#after-text", "The server does not answer.")


def test_a_page_that_is_closed_hangs_up(browser: Browser, desk: EchoDesk) -> None:
    browser.start()
    browser.wait_text(".turn.agent .words", "Hello, this is the echo.")
    browser.driver.get("about:blank")
    browser.wait_for(lambda: any(isinstance(one, CallerLeft) for one in desk.seen))


def test_a_token_opens_page_and_call(chromium: Browser, desk: EchoDesk) -> None:
    with serve_desk(desk, Secret("a long token")) as port:
        chromium.port = port
        chromium.open()
        chromium.find("#token").send_keys("a long token\n")
        chromium.start()
        chromium.wait_text(".turn.agent .words", "Hello, this is the echo.")
        assert "token" not in chromium.driver.current_url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_phone(browser: Browser, scheme: str) -> None:
    driver = browser.driver
    metrics = {"width": 320, "height": 600, "deviceScaleFactor": 1, "mobile": True}
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        browser.open()
        browser.wait_text("#agents", "echo")
        assert driver.execute_script("return document.documentElement.scrollWidth") == 320
        browser.start()
        browser.wait_text("#state", "Listening")
        browser.say("A_very_long_word_" * 12)
        browser.wait_text(".turn.agent .words", "You said")
        assert driver.execute_script("return document.documentElement.scrollWidth") == 320
        assert driver.execute_script("return document.documentElement.scrollHeight") <= 600
        background = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(18, 22, 20)") == (scheme == "dark")
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
