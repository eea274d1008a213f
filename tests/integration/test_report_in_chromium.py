"""The report of a day, opened in a real browser."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.simulator.kpis import kpis
from services.simulator.records import Run
from services.simulator.report import render
from tests.integration import chromium
from tests.simulator import run_builder

SCREENS = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> str:
    found = chromium.executable()
    if found is None:
        pytest.skip("Chromium is not installed; .ci/run installs it (Debian: apt install chromium)")
    return found


def written(folder: Path, run: Run) -> Path:
    network, demand = run_builder.network(), run_builder.demand()
    report = folder / "report.html"
    report.write_text(render(run, network, demand, kpis(run, network, demand)), encoding="utf-8")
    return report


@pytest.fixture(params=SCREENS)
def opened(request: pytest.FixtureRequest, browser: str, tmp_path: Path) -> Iterator[chromium.Page]:
    width, height = SCREENS[request.param]
    report = written(tmp_path, run_builder.run())
    mobile = request.param == "phone"
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    with chromium.page(browser, tmp_path / "profile", **screen) as page:
        page.open(report.as_uri())
        yield page


def test_a_report_opens_without_network_or_complaint_on_every_screen(
    opened: chromium.Page, tmp_path: Path
) -> None:
    assert opened.complaints() == []
    asked = [url for url in opened.requests() if not url.startswith("data:")]
    assert asked == [(tmp_path / "report.html").as_uri()]

    assert opened.value("document.title")
    assert opened.value("document.querySelectorAll('h1').length") == 1
    wide = opened.value("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the screen"
    hidden = opened.value(
        "[...document.querySelectorAll('svg')].every(s => s.getBoundingClientRect().width < 50)"
    )
    assert not hidden, "no drawing can be seen"

    picture = base64.b64decode(opened.ask("Page.captureScreenshot", format="png")["data"])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000, "the page looks empty"


def test_a_day_without_requests_has_a_report_that_opens(browser: str, tmp_path: Path) -> None:
    report = written(tmp_path, run_builder.empty_run())
    with chromium.page(browser, tmp_path / "profile") as page:
        page.open(report.as_uri())
        assert page.complaints() == []
        assert page.value("document.body.innerText.length") > 100


def test_a_page_that_fetches_or_fails_would_not_go_unnoticed(browser: str, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.html"
    spoiled.write_text(
        "<h1>x</h1><img src='http://map.test/a.png'><script>console.error('oh'); no()</script>"
    )
    with chromium.page(browser, tmp_path / "profile") as page:
        page.open(spoiled.as_uri())
        assert "http://map.test/a.png" in page.requests()
        complaints = " ".join(page.complaints())
        assert "oh" in complaints
        assert "no is not defined" in complaints
