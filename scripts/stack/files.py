"""The main files of a stack's servers: only what differs from production. The rest they include from deploy/."""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.stack.places import DEPLOY, DEVICE, HOST, ROOT, Places, program, write_private

BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so")
AS_ROOT = os.geteuid() == 0


def write(places: Places, settings: dict[str, str]) -> None:
    """Writes them all; `settings` go before our own in the application's file."""
    _settings(places, settings)
    _mariadb(places)
    _redis(places)
    _mosquitto(places)
    _nginx(places)


def environment(places: Places, *, autostart: bool = True) -> dict[str, str]:
    """What deploy/supervisor/ reads: the stack's version of places.env."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    return {
        **kept,
        "BACKFINCA_HOME": str(ROOT),
        "BACKFINCA_SETTINGS": str(places.etc / "backfinca.env"),
        "BACKFINCA_USER": str(os.geteuid()),
        "BACKFINCA_LOGS": str(places.log),
        "BACKFINCA_RUN": str(places.run),
        "BACKFINCA_ETC": str(places.etc),
        "BACKFINCA_PORTS": str(places.ports["web"]),
        "BACKFINCA_AUTOSTART": str(autostart).lower(),
        "BACKFINCA_FILES": f"{DEPLOY}/supervisor/servers.conf {DEPLOY}/supervisor/backfinca.conf",
        "BACKFINCA_MARIADBD": program("mariadbd"),
        "BACKFINCA_REDIS": program("redis-server"),
        "BACKFINCA_MOSQUITTO": program("mosquitto"),
        "BACKFINCA_NGINX": program("nginx"),
    }


def _settings(places: Places, others: dict[str, str]) -> None:
    secret, port = places.secrets, places.ports
    settings = {
        "FLASK_ENV": "production",
        "TRUSTED_PROXIES": "1",
        "WEB_CONCURRENCY": "1",
        "INSTANCE_DIR": str(places.data / "instance"),
        "MEDIA_DIR": str(places.data / "media"),
        "BACKUP_DIR": str(places.data / "backups"),
        "DB_HOST": HOST,
        "DB_PORT": str(port["mariadb"]),
        "DB_PASSWORD": secret["mariadb"],
        "REDIS_URL": f"redis://:{secret['redis']}@{HOST}:{port['redis']}/0",
        "JWT_SECRET_KEY": secret["jwt"],
        "METRICS_TOKEN": secret["metrics"],
        "MQTT_URL": f"mqtt://backfinca:{secret['mqtt']}@{HOST}:{port['mqtt']}",
        "MQTT_INGEST": "process",
        "BACKEND_URL": places.url,
        "API_BASE_URL": places.url,
        "FRONTEND_URL": places.url,
        "ADMIN_IDENTIFICATION": "10000001",
        "ADMIN_EMAIL": "admin@finca.test",
        "ADMIN_PASSWORD": secret["admin"],
        **others,
    }
    write_private(places.etc / "backfinca.env", _lines(f"{k}='{v}'" for k, v in settings.items()))


def _mariadb(places: Places) -> None:
    main = places.etc / "mariadb.cnf"
    own = [
        f"!include {DEPLOY}/mariadb/backfinca.cnf",
        "[mysqld]",
        f"datadir = {places.data}/mariadb",
        f"tmpdir = {places.run}",
        f"socket = {places.run}/mariadb.sock",
        f"pid-file = {places.run}/mariadb.pid",
        f"init-file = {places.etc}/mariadb.sql",
        f"bind-address = {HOST}",
        f"port = {places.ports['mariadb']}",
        *(["user = root"] if AS_ROOT else []),
    ]
    write_private(main, _lines(own))
    who = "'backfinca'@'127.0.0.1'"
    statements = [
        "CREATE DATABASE IF NOT EXISTS backfinca;",
        f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY '{places.secrets['mariadb']}';",
        f"GRANT ALL ON backfinca.* TO {who};",
    ]
    write_private(places.etc / "mariadb.sql", _lines(statements))
    if not (places.data / "mariadb" / "mysql").exists():
        command = [program("mariadb-install-db"), f"--defaults-file={main}", "--skip-test-db"]
        # Its first start must not look for the statements, which need what it is about to make.
        _run([*command, "--init-file="])


def _redis(places: Places) -> None:
    own = [
        f"include {DEPLOY}/redis/backfinca.conf",
        f"bind {HOST}",
        f"port {places.ports['redis']}",
        f"requirepass {places.secrets['redis']}",
        f"dir {places.run}",
        "daemonize no",
    ]
    write_private(places.etc / "redis.conf", _lines(own))


def _mosquitto(places: Places) -> None:
    etc = places.etc / "mosquitto"
    etc.mkdir(exist_ok=True)
    stored = places.data / "mosquitto"
    stored.mkdir(exist_ok=True)
    own = [
        f"listener {places.ports['mqtts']} {HOST}",
        f"certfile {places.tls}/server.crt",
        f"keyfile {places.tls}/server.key",
        "tls_version tlsv1.2",
        f"listener {places.ports['mqtt']} {HOST}",
        "allow_anonymous false",
        f"password_file {etc}/passwd",
        f"acl_file {etc}/acl",
        f"persistence_location {stored}/",
        f"include_dir {DEPLOY}/mosquitto/conf.d",
        *(["user root"] if AS_ROOT else []),
    ]
    write_private(etc / "mosquitto.conf", _lines(own))
    write_private(etc / "acl", (DEPLOY / "mosquitto" / "acl").read_text())
    people = {"backfinca": places.secrets["mqtt"], DEVICE: places.secrets["device"]}
    write_private(etc / "passwd", _lines(f"{name}:{password}" for name, password in people.items()))
    _run([program("mosquitto_passwd"), "-U", str(etc / "passwd")])


def _nginx(places: Places) -> None:
    etc, port = places.etc / "nginx", places.ports
    shutil.rmtree(etc, ignore_errors=True)
    (etc / "backfinca" / "places").mkdir(parents=True)
    (etc / "backfinca" / "optional").mkdir()
    (etc / "backfinca" / "armour.conf").symlink_to(DEPLOY / "nginx" / "backfinca" / "armour.conf")
    if BROTLI.exists():
        (etc / "backfinca" / "optional" / "brotli.conf").symlink_to(DEPLOY / "nginx" / "brotli.conf")
    bodies = (
        f"{part}_temp_path {places.run}/nginx-{part};" for part in ("fastcgi", "uwsgi", "scgi", "proxy")
    )
    main = [
        *([f"load_module {BROTLI};"] if BROTLI.exists() else []),
        *(["user root;"] if AS_ROOT else []),
        "worker_processes 2;",
        "worker_shutdown_timeout 5s;",
        f"pid {places.run}/nginx.pid;",
        "error_log stderr warn;",
        "events { worker_connections 4096; }",
        "http {",
        "include /etc/nginx/mime.types;",
        "default_type application/octet-stream;",
        "access_log off;",
        f"client_body_temp_path {places.run}/nginx-bodies;",
        *bodies,
        f"include {DEPLOY}/nginx/backfinca.conf;",
        "}",
    ]
    (etc / "nginx.conf").write_text(_lines(main))
    parts = {
        "http": [
            # One address, and no farm: whoever measures here is not to be held up.
            "limit_req_zone $binary_remote_addr zone=farm_requests:1m rate=5000r/s;",
            "limit_conn_zone $binary_remote_addr zone=farm_connections:1m;",
            f"proxy_cache_path {places.run}/nginx-pictures keys_zone=farm_pictures:1m max_size=100m;",
        ],
        "servers": [f"server {HOST}:{web} max_fails=1 fail_timeout=5s;" for web in places.web_ports],
        "plain": [
            f"listen {HOST}:{port['http']};",
            "server_name localhost;",
            f'set $farm_port ":{port["https"]}";',
            f"set $farm_acme {places.run};",
        ],
        "site": [
            f"listen {HOST}:{port['https']} ssl http2;",
            "server_name localhost;",
            f"ssl_certificate {places.tls}/server.crt;",
            f"ssl_certificate_key {places.tls}/server.key;",
            f"access_log {places.log}/access.log farm;",
            f'set $farm_port ":{port["https"]}";',
            f"set $farm_static {ROOT}/app/web/static;",
        ],
    }
    for name, lines in parts.items():
        (etc / "backfinca" / "places" / f"{name}.conf").write_text(_lines(lines))


def _lines(lines: object) -> str:
    return "\n".join(lines) + "\n"  # type: ignore[call-overload]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
