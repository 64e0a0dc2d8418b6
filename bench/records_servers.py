"""What `records.py` compares: the servers, one process each, and the farm they all show."""

import os
import random
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import serving
from closed_loop import answer, get
from server_process import HOST, Server
from servers import MariaDB, Redis

PEERS = ROOT / "bench" / "peers"
BENCH_VENV = ROOT / ".venv-bench"
ANIMALS = 5000
OURS, FASTAPI, DRF, BARE = "BackFinca", "FastAPI", "DRF", "bare Flask"


class OurServer(serving.Gunicorn):
    """Ours, by gunicorn's settings of production."""

    def command(self) -> list[str]:
        return [*super().command()[:-1], "ours:app"]


class Peer(Server):
    """An application of `peers/`, in one process."""

    programs = ("python3",)

    def __init__(self, name: str, command: list[str], path: str, **environment: Any) -> None:
        self.name = name.replace(" ", "-").lower()
        super().__init__()
        self._command, self._path = command, path
        self._environment = {**os.environ, **{key: str(value) for key, value in environment.items()}}

    def command(self) -> list[str]:
        there = [
            f"{self.port}" if part == "PORT" else part.replace(":PORT", f":{self.port}")
            for part in self._command
        ]
        return ["/usr/bin/env", *(f"{k}={v}" for k, v in self._environment.items()), *there]

    def answers(self) -> bool:
        try:
            answer(self.port, get(self.port, self._path))
        except OSError:
            return False
        return True


def started(stack: ExitStack) -> dict[str, Any]:
    """The servers by name; without the peers where their packages are not to be had."""
    maria, redis = stack.enter_context(MariaDB()), stack.enter_context(Redis())
    ours = OurServer(
        database_url=maria.create_database("bench"),
        redis_url=redis.url,
        pythonpath=f"{ROOT}:{PEERS}",
        rate_limit="1000000 per minute",
        max_requests=100_000_000,
    )
    servers: dict[str, Any] = {OURS: stack.enter_context(ours)}
    _lay(maria)
    bare = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gevent",
        "-w",
        "1",
        "-b",
        f"{HOST}:PORT",
        "bare_flask:app",
    ]
    servers[BARE] = stack.enter_context(Peer(BARE, bare, "/empty", PYTHONPATH=PEERS))
    if python := _peers_python():
        known = {
            "PYTHONPATH": PEERS,
            "PEER_KEY": serving.KEY,
            "PEER_DATABASE": f"mysql+aiomysql://root@{HOST}:{maria.port}/bench?charset=utf8mb4",
            "PEER_DATABASE_PORT": maria.port,
            "PEER_DATABASE_NAME": "bench",
        }
        fast = [
            python,
            "-m",
            "uvicorn",
            "--no-access-log",
            "--log-level",
            "warning",
            "--port",
            "PORT",
            "fastapi_farm:app",
        ]
        drf = [
            python,
            "-m",
            "gunicorn",
            *DRF_WORKER,
            "-w",
            "1",
            "-b",
            f"{HOST}:PORT",
            "django_farm:application",
        ]
        servers[FASTAPI] = stack.enter_context(Peer(FASTAPI, fast, "/openapi.json", **known))
        servers[DRF] = stack.enter_context(Peer(DRF, drf, "/api/v1/animals/1", **known))
    return servers


# Threads and kept connections: its driver is C, and would make a gevent worker wait.
DRF_WORKER = ("-k", "gthread", "--threads", "4", "--keep-alive", "75")


def _peers_python() -> str | None:
    """The peers' own Python, made at the first run; None, said aloud, where it cannot be."""
    python = BENCH_VENV / "bin" / "python"
    tried = subprocess.run(
        ["make", "--silent", "-C", str(ROOT), "bench-peers"], capture_output=True, text=True
    )
    works = tried.returncode == 0 and python.exists()
    if not works:
        print(
            f"the peers are left out, their packages cannot be installed here:\n{tried.stderr[-500:]}",
            flush=True,
        )
    return str(python) if works else None


def _lay(maria: MariaDB) -> None:
    """Two species, twelve breeds, 5000 animals of four generations."""
    chance, now = random.Random(1), datetime(2026, 11, 1, 12, tzinfo=UTC)
    species = [(n, f"Especie {n}", now, now) for n in (1, 2)]
    breeds = [(n, f"Raza {n}", 1 + n % 2, now, now) for n in range(1, 13)]
    animals = [_animal(n, chance, now) for n in range(1, ANIMALS + 1)]
    columns = (
        "id, record, sex, birth_date, weight, status, status_date, status_reason, breeds_id, father_id, mother_id,"
        " notes, created_at, updated_at"
    )
    with maria.connect("bench") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO species (id, name, created_at, updated_at) VALUES (%s, %s, %s, %s)", species
        )
        cursor.executemany(
            "INSERT INTO breeds (id, name, species_id, created_at, updated_at) VALUES (%s, %s, %s, %s, %s)",
            breeds,
        )
        cursor.executemany(f"INSERT INTO animals ({columns}) VALUES ({', '.join(['%s'] * 14)})", animals)
        cursor.execute("ANALYZE TABLE animals, breeds, species")
        plan = (
            "EXPLAIN SELECT * FROM animals LEFT JOIN breeds ON animals.breeds_id = breeds.id"
            " LEFT JOIN species ON breeds.species_id = species.id ORDER BY animals.id LIMIT 100"
        )
        cursor.execute(plan)
        assert "filesort" not in str(cursor.fetchall())


def _animal(n: int, chance: random.Random, now: datetime) -> tuple[Any, ...]:
    generation = (n - 1) * 4 // ANIMALS
    older = range(1, generation * ANIMALS // 4)
    father, mother = (chance.choice(older), chance.choice(older)) if older else (None, None)
    sold = chance.random() < 0.1
    return (
        *(n, f"V-{n:05}", chance.choice(("Hembra", "Macho"))),
        date(2012 + 3 * generation, 1, 1) + timedelta(days=chance.randrange(900)),
        *(round(chance.uniform(40, 700), 1), "Vendido" if sold else "Vivo"),
        *((date(2025, 5, 1), "Feria") if sold else (None, None)),
        *(chance.randrange(1, 13), father, mother),
        "Mansa; la cría anterior fue un parto difícil" if chance.random() < 0.2 else None,
        *(now, now + timedelta(minutes=n)),
    )
