"""Which engine answers, and what the operator is told about it."""

from __future__ import annotations

import pytest

from agentrun.errors import ConnectFailed
from agentrun.plan import ModelTarget
from agentrun.runtime.engines import choose_engine
from agentrun.secret import Secret

MODEL = ModelTarget("gpt-realtime-2.1")
KEY = {"OPENAI_API_KEY": "sk-test"}


def test_without_a_key_the_embedded_engine_answers_and_says_how_to_switch() -> None:
    choice = choose_engine("auto", MODEL, {})
    assert choice.is_embedded
    assert "embedded" in choice.notice
    assert "OPENAI_API_KEY" in choice.notice


def test_an_empty_key_is_no_key() -> None:
    assert choose_engine("auto", MODEL, {"OPENAI_API_KEY": " "}).is_embedded


def test_the_providers_own_address_without_a_key_is_no_choice_of_a_provider() -> None:
    assert choose_engine("auto", MODEL, {"OPENAI_BASE_URL": "https://api.openai.com/v1"}).is_embedded


def test_with_a_key_the_provider_answers() -> None:
    choice = choose_engine("auto", MODEL, KEY)
    assert choice.endpoint is not None
    assert choice.endpoint.url == "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1"
    assert choice.endpoint.headers["Authorization"].reveal() == "Bearer sk-test"
    assert "sk-test" not in repr(choice)


def test_a_key_in_the_agent_file_counts() -> None:
    choice = choose_engine("auto", ModelTarget("m", api_key=Secret("sk-file")), KEY)
    assert choice.endpoint is not None
    assert choice.endpoint.headers["Authorization"].reveal() == "Bearer sk-file"


def test_the_base_url_of_the_environment_is_honoured_without_a_key() -> None:
    choice = choose_engine("auto", MODEL, {"OPENAI_BASE_URL": "http://127.0.0.1:8765/v1"})
    assert choice.endpoint is not None
    assert choice.endpoint.url == "ws://127.0.0.1:8765/v1/realtime?model=gpt-realtime-2.1"
    assert choice.endpoint.headers == {}


def test_the_provider_without_a_key_is_an_error_with_a_remedy() -> None:
    with pytest.raises(ConnectFailed, match="OPENAI_API_KEY is not set") as caught:
        choose_engine("openai", MODEL, {})
    assert "--engine embedded" in caught.value.hint


def test_azure_takes_the_key_in_its_own_header() -> None:
    model = ModelTarget("my-deployment", provider="azure", base_url="https://x.openai.azure.com/openai/v1")
    choice = choose_engine("auto", model, KEY)
    assert choice.endpoint is not None
    assert choice.endpoint.url == "wss://x.openai.azure.com/openai/v1/realtime?model=my-deployment"
    assert choice.endpoint.headers["api-key"].reveal() == "sk-test"


def test_a_url_is_dialled() -> None:
    choice = choose_engine("http://127.0.0.1:9/v1/", MODEL, {})
    assert choice.endpoint is not None
    assert choice.endpoint.url == "ws://127.0.0.1:9/v1/realtime?model=gpt-realtime-2.1"


@pytest.mark.parametrize("option", ["embeded", "ftp://host", "localhost:80", "http://"])
def test_what_is_no_address_is_an_error_with_a_remedy(option: str) -> None:
    with pytest.raises(ConnectFailed) as caught:
        choose_engine(option, MODEL, {})
    assert option in str(caught.value)
    assert caught.value.hint


def test_the_file_may_ask_for_the_embedded_engine_although_there_is_a_key() -> None:
    assert choose_engine("auto", ModelTarget("m", provider="embedded"), KEY).is_embedded
    assert choose_engine("embedded", MODEL, KEY).is_embedded
