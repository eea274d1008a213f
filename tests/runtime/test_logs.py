"""Log lines have one form and hold no personal data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from services.runtime import logs
from services.runtime.settings import InvalidSetting, Settings, read_settings


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_is_json_with_its_event_and_fields() -> None:
    out = io.StringIO()
    logs.configure("json", "info", out)
    structlog.get_logger().info("batch_solved", rides=12)
    structlog.get_logger().debug("not_written")
    logging.getLogger("uvicorn").warning("from a library")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["rides"], ours["level"]) == ("batch_solved", 12, "info")
    assert (theirs["event"], theirs["level"]) == ("from a library", "warning")


def test_a_library_that_says_the_same_again_and_again_is_heard_once_in_a_while() -> None:
    out = io.StringIO()
    logs.configure("json", "debug", out)
    library = logging.getLogger("aiokafka.consumer.fetcher")
    for number in range(50):
        library.error("Failed fetch messages from %s", number)
        logging.getLogger("uvicorn").error("something else")
    library.error("Something new")
    library.debug("Sending a message: %s", "all of it")
    lines = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert lines.count("something else") == 50
    assert [line for line in lines if line != "something else"] == [
        "Failed fetch messages from 0",
        "Something new",
    ]


def test_what_a_library_was_not_heard_with_is_counted() -> None:
    sparing = logs.Sparing("aiokafka", pause_s=10)
    passed = []
    for second in range(25):
        record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "lost %s", ("it",), None)
        record.created = 1000.0 + second
        if sparing.filter(record):
            passed.append(record.getMessage())
    assert passed == ["lost it", "lost it (and 9 times since)", "lost it (and 9 times since)"]


def test_where_somebody_lives_is_never_written() -> None:
    out = io.StringIO()
    logs.configure("console", "info", out)
    structlog.get_logger().info("ride_requested", ride="r-1", origin=(6.8123, 50.2), lon=6.8123)
    assert "ride_requested" in out.getvalue()
    assert "r-1" in out.getvalue()
    assert "6.8123" not in out.getvalue()


def test_an_error_is_written_with_its_trace() -> None:
    out = io.StringIO()
    logs.configure("json", "info", out)
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("follower_died")
    line = json.loads(out.getvalue())
    assert "RuntimeError: broken" in line["exception"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_trace_does_not_show_variables(log_format: Literal["json", "console"]) -> None:
    out = io.StringIO()
    logs.configure(log_format, "info", out)
    home = 6.8123 * 2
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("request_failed")
    assert "broken" in out.getvalue()
    assert str(home) not in out.getvalue()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAVETTE_PORT", "9090")
    monkeypatch.setenv("NAVETTE_ANSWER_S", "2.5")
    settings = Settings()
    assert (settings.port, settings.answer_s, settings.host) == (9090, 2.5, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "text"), [("PORT", "70000"), ("ANSWER_S", "0"), ("LOG_LEVEL", "x")]
)
def test_an_impossible_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"NAVETTE_{name}", text)
    with pytest.raises(ValueError, match=name.lower()):
        Settings()


def test_a_secret_that_is_too_short_is_said_to_be_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAVETTE_OPERATOR_TOKEN", "sesame")
    with pytest.raises(InvalidSetting, match="OPERATOR_TOKEN: shorter than 16") as said:
        read_settings(Settings)
    assert "sesame" not in str(said.value)
