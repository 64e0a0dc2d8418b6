"""The live page in a real browser: a person logs in, and readings, production and reports are there."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import serving
from conftest import Caller
from sensors.farmyard import Publisher, wait_until
from serving import PASSWORD, PEOPLE, FarmServer
from web.browser import Browser, ServerMissing

from app.biogas.demo import DEVICE

STATIC = Path(__file__).resolve().parents[2] / "app" / "web" / "static"


@pytest.fixture(scope="module")
def farm() -> Iterator[tuple[FarmServer, Publisher]]:
    """The demonstration farm, and what publishes to it."""
    with (
        serving.broker() as broker,
        FarmServer(mqtt_url=broker.url, mqtt_ingest="inline", farm_name="Finca La Ceiba") as server,
        Publisher(broker.port) as publisher,
    ):
        server.flask("seed", "--demo")
        wait_until(lambda: server.get("/health")["services"]["broker"] == "connected", "broker")
        yield server, publisher


@pytest.fixture
def browser() -> Iterator[Browser]:
    try:
        opened = Browser()
    except ServerMissing:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip("chromium is not installed")
    with opened:
        opened.size(1280, 900)
        yield opened


def log_in(browser: Browser, server: FarmServer, password: str = PASSWORD) -> None:
    browser.open(server.url + "/")
    browser.await_true("!document.getElementById('entry').hidden")
    browser.fill("[name=name]", PEOPLE["email"])
    browser.fill("[name=password]", password)
    browser.run("document.getElementById('login').requestSubmit()")


def card(key: str) -> str:
    return f".device[data-device={DEVICE}] .card[data-key={key}]"


@pytest.mark.services
def test_a_person_watches_the_farm(farm: tuple[FarmServer, Publisher], browser: Browser) -> None:
    server, publisher = farm
    log_in(browser, server)
    browser.await_true(f"document.querySelector('{card('temperatura')} path.line')")
    assert browser.text("#person") == PEOPLE["fullname"]
    assert "Finca La Ceiba" in browser.text("header")
    for value, shown in ((41.25, "41,25"), (42.5, "42,5")):
        publisher.publish(f"finca/{DEVICE}/telemetry", {"temperatura": value})
        browser.await_true(
            f"document.querySelector('{card('temperatura')} strong').textContent === '{shown}'"
        )
    assert "°C" in browser.text(card("temperatura"))
    browser.await_true("document.querySelector('.dot').dataset.online === 'true'")
    browser.await_true("document.querySelectorAll('#chart rect.measured').length > 15")
    assert re.search(r"Hoy\s+[\d.,]+ m³\s+de [\d.,]+ m³ esperados", browser.text("#tiles"))
    browser.click("[data-view=cumulative]")
    browser.await_true("document.querySelector('#chart path.measured-line')")
    assert browser.errors == []


@pytest.mark.services
def test_a_channel_that_is_new_gets_a_card(farm: tuple[FarmServer, Publisher], browser: Browser) -> None:
    server, publisher = farm
    log_in(browser, server)
    browser.await_true("document.querySelector('.card')")
    publisher.publish("finca/nodo-nuevo/telemetry", {"ph": 7.1})
    browser.await_true("document.querySelector('.device[data-device=nodo-nuevo] .card[data-key=ph]')")
    publisher.publish("finca/nodo-nuevo/status", b"offline")
    browser.await_true(
        "document.querySelector('.device[data-device=nodo-nuevo] .dot').dataset.online === 'false'"
    )
    assert "sin señal" in browser.text(".device[data-device=nodo-nuevo]")
    assert browser.errors == []


@pytest.mark.services
def test_a_report_is_made_and_its_links_open_without_headers(
    farm: tuple[FarmServer, Publisher], browser: Browser
) -> None:
    server, _ = farm
    log_in(browser, server)
    browser.await_true("!document.getElementById('make-report').hidden")
    browser.click("#make-report")
    browser.await_true("document.querySelectorAll('a.file').length >= 3", 90)
    links = browser.run(
        "[...document.querySelectorAll('tr:first-child a.file')].map((a) => a.getAttribute('href'))"
    )
    starts = []
    for link in links:
        with server.open(link) as response:
            starts.append(response.read(4))
    assert starts[:2] == [b"%PDF", b"PK\x03\x04"]
    assert browser.errors == []


@pytest.mark.services
def test_the_page_returns_by_itself_with_what_was_missed(
    farm: tuple[FarmServer, Publisher], browser: Browser
) -> None:
    server, publisher = farm
    log_in(browser, server)
    browser.await_true("document.getElementById('link').dataset.state === 'live'")
    server.stop()
    browser.await_true("document.getElementById('link').dataset.state === 'waiting'")
    publisher.publish(f"finca/{DEVICE}/telemetry", {"temperatura": 39.75})
    server.start()
    browser.await_true("document.getElementById('link').dataset.state === 'live'", 90)
    browser.await_true(f"document.querySelector('{card('temperatura')} strong').textContent === '39,75'", 60)
    # A server that is away, or that ended while it was asked, is all that the browser complains of.
    assert [error for error in browser.errors if not re.search("net::ERR_|WebSocket", error)] == []


@pytest.mark.services
def test_mistakes_are_told_in_spanish(farm: tuple[FarmServer, Publisher], browser: Browser) -> None:
    server, _ = farm
    log_in(browser, server, "No-es-esta-1")
    browser.await_true("!document.getElementById('problem').hidden")
    assert browser.text("#problem") == "Usuario o contraseña incorrectos"
    log_in(browser, server)
    browser.await_true("document.querySelector('.card')")
    browser.click("#leave")
    browser.await_true("!document.getElementById('entry').hidden")
    assert browser.run("sessionStorage.length") == 0
    browser.open(server.url + "/")
    browser.await_true("!document.getElementById('entry').hidden")


@pytest.mark.services
@pytest.mark.parametrize(("width", "phone"), [(1280, False), (360, True)])
def test_it_fits_the_window(
    farm: tuple[FarmServer, Publisher], browser: Browser, width: int, phone: bool
) -> None:
    server, _ = farm
    browser.size(width, 800, phone=phone)
    log_in(browser, server)
    browser.await_true("document.querySelector('.card') && document.querySelector('#chart rect')")
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_the_page_is_public_and_brings_no_script_of_its_own(farm: tuple[FarmServer, Publisher]) -> None:
    server, _ = farm
    page = server.get("/")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    files = set(re.findall(r'(?:src|href)="(/web/[^"]+)"', page))
    assert files >= {"/web/main.js", "/web/live.css"}
    with server.open("/") as response:
        assert "'unsafe" not in response.headers["Content-Security-Policy"]
    for path in STATIC.iterdir():
        with server.open(f"/web/{path.name}") as response:
            assert response.status == 200
            if path.suffix == ".js":
                assert response.headers.get_content_type() == "text/javascript"


def test_nothing_outside_its_folder_is_served(nobody: Caller) -> None:
    client = nobody.client
    for path in ("/web/../resource.py", "/web/%2e%2e/resource.py", "/web/..%2fresource.py", "/web/nada.js"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert json.loads(answer.data)["error"]["code"] == "NOT_FOUND"
