"""The production endpoint with ten thousand and with five million readings in the filling: same days, same speed?

Run: python bench/production.py [--many 5000000]. Starts its own MariaDB; both sides in one run, interleaved.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import migrate, settings_for
from flask import Flask
from servers import MariaDB
from sqlalchemy import text

from app import create_app, wiring
from app.biogas.digesters import create_digester
from app.biogas.fillings import open_filling
from app.core import times
from app.core.extensions import db
from app.core.transaction import transaction
from app.sensors.rollups import BUCKET_MS
from app.sensors.service import register_device
from app.users import sessions
from app.users.service import create_admin
from app.users.tokens import access_token

DAYS = 58
FEW = 10_000
CALLS = 60
BAR = 2.0


def main() -> None:
    """Builds both farms, measures, prints the ratio; exit code 1 above the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=5_000_000)
    many = parser.parse_args().many
    with MariaDB() as server, tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(Path(folder), sqlalchemy_database_uri=server.create_database("bench")))
        with app.app_context():
            migrate()
            with transaction():
                admin = create_admin(12345, "Bench", "bench@finca.test", "Finca-2026")
                token = access_token(admin, sessions.begin(admin, "bench", "").session).text
            ids = {count: _farm(app, count) for count in (FEW, many)}
        seconds = _measure(app, token, ids)
        with app.app_context():
            db.engine.dispose()
    for count, taken in seconds.items():
        print(f"{count:>9,} readings, {DAYS} days: median {1000 * taken:6.1f} ms")
    ratio = seconds[many] / seconds[FEW]
    print(f"ratio {ratio:.2f} (bar: under {BAR:g})")
    sys.exit(ratio >= BAR)


def _farm(app: Flask, count: int) -> int:
    """A digester with a filling of DAYS days that holds `count` readings of its gas meter; the filling's id."""
    started = time.monotonic()
    with transaction():
        device = register_device(f"meter-{count}", channels=[{"key": "gas_total_m3"}])
        step_ms = DAYS * times.DAY_MS // count
        device.expected_interval_s = step_ms / 1000
        digester = create_digester(name=f"Digester {count}", volume_m3=60.0, devices=[device.code])
        day = times.local_day(times.now(), digester.timezone) - timedelta(days=DAYS)
        filling = open_filling(
            digester.id,
            date=day,
            material_type="bovino",
            material_amount_kg=14_000.0,
            material_humidity_pct=84.0,
        )
        start_ms, channel_id, filling_id = times.to_ms(filling.started_at), device.channels[0].id, filling.id
    with transaction() as session:
        values = {
            "c": channel_id,
            "s": start_ms,
            "d": step_ms,
            "m": 600 / count,
            "b": BUCKET_MS,
            "n": count - 1,
        }
        session.execute(
            text(
                "INSERT INTO readings SELECT :c, :s + seq * :d, seq * :m FROM seq_0_to_9999999 WHERE seq <= :n"
            ),
            values,
        )
        session.execute(
            text(
                "INSERT INTO dirty_buckets (channel_id, bucket_ms) SELECT DISTINCT :c, b FROM"
                " (SELECT (:s + seq * :d) - MOD(:s + seq * :d, :b) AS b FROM seq_0_to_9999999 WHERE seq <= :n) AS x"
            ),
            values,
        )
    wiring.settle_everything()
    print(
        f"{count:>9,} readings stored, rolled up and metered in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return filling_id


def _measure(app: Flask, token: str, ids: dict[int, int]) -> dict[int, float]:
    client = app.test_client()
    taken: dict[int, list[float]] = {count: [] for count in ids}
    for _ in range(CALLS):
        for count, filling_id in ids.items():
            started = time.perf_counter()
            answer = client.get(
                f"/api/v1/biogas/fillings/{filling_id}/production",
                headers={"Authorization": f"Bearer {token}"},
            )
            taken[count].append(time.perf_counter() - started)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            assert answer.json["data"]["actual"]["cumulative_biogas_m3"][-1] > 500
    return {count: statistics.median(values) for count, values in taken.items()}


if __name__ == "__main__":
    main()
