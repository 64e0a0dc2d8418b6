"""The files of deploy/ and the containers', each checked by the program it is for, where that is installed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from server_process import ServerMissing, find_program

from app import wiring
from app.core.armour import HEADERS, YEAR_S
from app.core.settings import ROOT, Settings
from scripts.stack import certificates
from scripts.stack.places import WEB_PROCESSES

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
INGEST_PORT = "8089"
SECRETS = ("JWT_SECRET_KEY", "DB_PASSWORD", "REDIS_PASSWORD", "MQTT_PASSWORD")
# In PromQL, words that are no names of figures.
PROMQL = {
    *("sum", "by", "rate", "increase", "max", "time", "or", "vector", "topk", "histogram_quantile"),
    *("le", "job", "status", "result", "reason", "server_id", "method", "route", "up", "backfinca"),
    *("state", "kind", "level"),
}


def checker(name: str, *, required: bool = False) -> str:
    """Where that program is; the test is skipped without it."""
    try:
        return find_program(name)
    except ServerMissing as missing:
        if required and os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(missing))


def checked(*command: object, **more: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return loaded


@pytest.mark.services
def test_nginx_takes_the_production_files_as_they_stand(tmp_path: Path) -> None:
    nginx = checker("nginx", required=True)
    shutil.copytree(DEPLOY / "nginx" / "backfinca", tmp_path / "backfinca")
    certificates.lay(tmp_path)
    for place in (tmp_path / "backfinca" / "places").iterdir():
        text = re.sub(r"/etc/letsencrypt/\S+/fullchain.pem", f"{tmp_path}/server.crt", place.read_text())
        text = re.sub(r"/etc/letsencrypt/\S+/privkey.pem", f"{tmp_path}/server.key", text)
        text = re.sub(r"/var/l(og|ib)/nginx/", f"{tmp_path}/", text)
        # Ports below 1024 may be another's here.
        place.write_text(re.sub(r"listen (\[::\]:)?(\d+)", r"listen \g<1>5\g<2>", text))
    bodies = "".join(
        f"{part}_temp_path {tmp_path}/{part};"
        for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ {bodies} include /etc/nginx/mime.types; include {DEPLOY}/nginx/backfinca.conf; }}\n"
    )
    told = checked(nginx, "-t", "-c", tmp_path / "nginx.conf")
    assert "[warn]" not in told


def test_nginx_wears_the_same_armour_as_the_application() -> None:
    text = (DEPLOY / "nginx" / "backfinca" / "armour.conf").read_text()
    worn = {
        name: value.strip('"') for name, value in re.findall(r"^add_header (\S+) (.+) always;$", text, re.M)
    }
    assert worn == {**HEADERS, "Strict-Transport-Security": f"max-age={YEAR_S}; includeSubDomains"}


def test_everywhere_there_are_as_many_web_processes() -> None:
    servers = (DEPLOY / "nginx" / "backfinca" / "places" / "servers.conf").read_text()
    ports = re.findall(r"^server 127.0.0.1:(\d+)", servers, re.M)
    assert ports == [f"808{number}" for number in range(1, WEB_PROCESSES + 1)]
    assert f"numprocs={WEB_PROCESSES}\n" in (DEPLOY / "supervisor" / "backfinca.conf").read_text()
    wanted = re.findall(r"backfinca-web@(\d)", (DEPLOY / "systemd" / "backfinca.target").read_text())
    assert len(wanted) == WEB_PROCESSES
    scraped = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    assert re.findall(r"127.0.0.1:(\d+)", scraped) == [*ports, INGEST_PORT]
    assert f"INGEST_PORT={INGEST_PORT}\n" in (DEPLOY / "systemd" / "backfinca-ingest.service").read_text()
    assert 'INGEST_PORT="%(ENV_BACKFINCA_PORTS)s9"' in (DEPLOY / "supervisor" / "backfinca.conf").read_text()
    containers = [name for name in compose("docker-compose.yaml")["services"] if name.startswith("web-")]
    upstreams = (DEPLOY / "docker" / "nginx" / "servers.conf.template").read_text()
    assert re.findall(r"^server (web-\d):8081", upstreams, re.M) == containers
    assert len(containers) == WEB_PROCESSES


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    systemd = checker("systemd-analyze")
    program = tmp_path / "opt/backfinca/deploy/bin/backfinca"
    for folder in (program.parent, tmp_path / "bin", tmp_path / "usr/lib/systemd/system"):
        folder.mkdir(parents=True)
    shutil.copy(DEPLOY / "bin" / "backfinca", program)
    shutil.copy("/bin/kill", tmp_path / "bin")
    shutil.copytree(DEPLOY / "systemd", tmp_path / "etc/systemd/system")
    for target in ("basic", "sysinit", "network-online", "multi-user", "timers", "shutdown"):
        (tmp_path / f"usr/lib/systemd/system/{target}.target").write_text("[Unit]\n")
    told = checked(systemd, "verify", f"--root={tmp_path}", "--man=no", unit.name.replace("@.", "@1."))
    assert told == ""


@pytest.mark.parametrize("name", ["backfinca-web@1.service", "backfinca-ingest.service"])
def test_the_units_are_hardened(name: str, tmp_path: Path) -> None:
    systemd = checker("systemd-analyze")
    shutil.copytree(DEPLOY / "systemd", tmp_path / "etc/systemd/system")
    # 10 is an open door, 0 a walled-up one; what systemd calls OK begins below 4.
    checked(systemd, "security", "--offline=true", f"--root={tmp_path}", "--threshold=20", name)


def test_the_timers_start_something() -> None:
    for timer in (DEPLOY / "systemd").glob("*.timer"):
        assert timer.with_suffix(".service").exists()


@pytest.mark.parametrize("name", ["docker-compose.yaml", "docker-compose.dev.yaml"])
def test_every_container_has_limits_and_comes_back(name: str) -> None:
    for service, facts in compose(name)["services"].items():
        assert facts["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, service
        once = service in ("migrate", "backup", "cleanup")
        assert facts["restart"] == ("no" if once else "unless-stopped"), service
        # Ours are asked by the image's own check, web and ingest alike; a job ends before it could be.
        assert facts.get("healthcheck", {}).get("disable", False) == once, service


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yaml").read_text()
    used = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text)
    for secret in SECRETS:
        ways = {way[:2] for name, way in used if name == secret}
        assert ways == {":?"}, secret
    assert not re.search(r"(PASSWORD|SECRET\w*|KEY): (?!\$\{)(?!\"1\")\S", text)


def test_the_containers_are_given_settings_that_exist() -> None:
    known = {name.upper() for name in Settings.model_fields} | {"WEB_CONCURRENCY"}
    whole = compose("docker-compose.yaml")
    assert set(whole["x-backfinca"]["environment"]) <= known
    assert set(compose("docker-compose.dev.yaml")["services"]["farm"]["environment"]) <= known
    blueprint = compose("render.yaml")
    given = [one["key"] for one in blueprint["envVarGroups"][0]["envVars"]]
    for service in blueprint["services"]:
        if service.get("runtime") == "docker":
            given += [one["key"] for one in service["envVars"] if "key" in one]
    assert set(given) <= known


def test_docker_compose_takes_the_files_and_refuses_to_start_without_secrets() -> None:
    docker = checker("docker")
    plain = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    if subprocess.run([docker, "compose", "version"], env=plain, capture_output=True).returncode:
        pytest.skip("docker has no compose")
    command = [docker, "compose", "--project-directory", ROOT, "--env-file", os.devnull, "-f"]
    given = dict.fromkeys((*SECRETS, "FARM_HOST", "TLS_DIR"), "x")
    checked(*command, ROOT / "docker-compose.yaml", "config", "-q", env={**plain, **given})
    checked(*command, ROOT / "docker-compose.dev.yaml", "config", "-q", env=plain)
    for secret in SECRETS:
        lacking = {**plain, **given, secret: ""}
        done = subprocess.run(
            [*command, ROOT / "docker-compose.yaml", "config", "-q"],
            env=lacking,
            capture_output=True,
            text=True,
        )
        assert done.returncode != 0
        assert f"variable {secret} is missing" in done.stderr


def test_the_image_holds_what_it_starts() -> None:
    admitted = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    for needed in ("app", "migrations", "deploy/bin", "gunicorn.conf.py", "wsgi.py", "requirements.txt"):
        assert needed in admitted
        assert (ROOT / needed).exists()
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER \d+$", dockerfile, re.M)
    assert "/api/v1/health" in dockerfile.split("HEALTHCHECK", 1)[1]


def test_the_launcher_is_a_program() -> None:
    launcher = DEPLOY / "bin" / "backfinca"
    assert os.access(launcher, os.X_OK)
    checked("sh", "-n", launcher)


@pytest.mark.parametrize("settings", ["", "FARM_NAME='Finca La Prueba'\nDATABASE_URL=sqlite:////nowhere/x\n"])
def test_the_launcher_gives_the_settings_of_its_file(settings: str, tmp_path: Path) -> None:
    file = tmp_path / "backfinca.env"
    file.write_text(settings)
    program = "from app.core.settings import load_settings as l; s = l(); print(s.farm_name, s.server_id)"
    told = checked(
        DEPLOY / "bin" / "backfinca",
        *("python", "-c", program),
        env={"PATH": os.environ["PATH"], "BACKFINCA_SETTINGS": str(file), "SERVER_ID": "7"},
    )
    assert told == ("Finca La Prueba 7\n" if settings else "Finca Villaluz 7\n")


def test_the_launcher_forgets_the_figures_of_a_gunicorn_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "gauge_livesum_1.db").touch()
    (tmp_path / "another.txt").touch()
    environment = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    checked(DEPLOY / "bin" / "backfinca", "web", "--version", env=environment)
    assert [file.name for file in tmp_path.iterdir()] == ["another.txt"]


def test_the_launcher_finds_the_program_of_the_indexes(tmp_path: Path) -> None:
    (tmp_path / "settings.env").touch()
    environment = {"PATH": os.environ["PATH"], "BACKFINCA_SETTINGS": str(tmp_path / "settings.env")}
    assert "--dry-run" in checked(DEPLOY / "bin" / "backfinca", "indexes", "--help", env=environment)


def test_the_launcher_says_when_its_settings_are_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [DEPLOY / "bin" / "backfinca", "web"],
        env={"PATH": os.environ["PATH"], "BACKFINCA_SETTINGS": str(tmp_path / "none.env")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "none.env" in done.stderr


def figures() -> set[str]:
    """The names under which the application's figures are found."""
    assert wiring
    names = set()
    for metric in REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
            metric.type, ("",)
        )
        names |= {metric.name + suffix for suffix in suffixes}
    return names


def asked_for(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"(?<![\w.])[a-z_]+[a-z]", re.sub(r"\[\w+\]", "", bare))) - PROMQL


def test_alerts_and_dashboard_ask_for_figures_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "backfinca-alerts.yml").read_text())
    board = json.loads((DEPLOY / "grafana" / "backfinca.json").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    wanted = set().union(*map(asked_for, expressions))
    assert {"http_requests_total", "ingest_commit_seconds_bucket", "live_clients"} <= wanted
    assert wanted <= figures()


def test_the_alerts_speak_when_they_should(tmp_path: Path) -> None:
    promtool = checker("promtool")
    rules = DEPLOY / "prometheus" / "backfinca-alerts.yml"
    checked(promtool, "check", "rules", rules)
    plan = tmp_path / "plan.yml"
    plan.write_text(
        Path(__file__).with_name("alerts_test.yml").read_text().replace("RULES", str(rules)), encoding="utf-8"
    )
    checked(promtool, "test", "rules", plan)


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    promtool = checker("promtool")
    token = tmp_path / "backfinca-metrics-token"
    token.touch()
    for file in (DEPLOY / "prometheus").iterdir():
        text = file.read_text().replace("/etc/prometheus/backfinca-metrics-token", str(token))
        (tmp_path / file.name).write_text(text)
    checked(promtool, "check", "config", tmp_path / "prometheus.yml")
