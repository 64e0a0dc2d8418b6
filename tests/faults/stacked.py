"""`make stack` as the farm of a scene: what is killed there is started again by supervisor."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pymysql
from deploy.test_stack import Stack
from faults.burden import Sensor
from faults.scene import Farm, Rows

from scripts.stack import control
from scripts.stack.places import DEVICE

SETTINGS = ("--set", "RATE_LIMIT=1000000 per minute", "--set", "LOGIN_RATE_LIMIT=1000 per minute")
MADE: list[tuple[str, dict[str, Any]]] = [
    ("species", {"name": "Bovina"}),
    ("breeds", {"name": "Criolla", "species_id": "species"}),
    ("animals", {"record": "A-1", "birth_date": "2022-05-01", "weight": 350, "sex": "Hembra",
                 "breeds_id": "breeds", "status": "Vivo"}),
]  # fmt: skip


class StackFarm(Farm):
    """The whole stack, through nginx."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.places = stack.places
        self.url, self.authority = self.places.url, str(stack.authority)
        self.token = stack.log_in()
        ids: dict[str, int] = {}
        for slug, body in MADE:
            filled = {name: ids.get(value, value) for name, value in body.items()}
            ids[slug] = stack.json(f"/api/v1/{slug}", token=self.token, body=filled)["data"]["id"]
        self.animal_id = ids["animals"]

    def pid(self, program: str) -> int:
        return self.stack.pid(program)

    def sensors(self, name: str) -> list[Sensor]:
        people = (DEVICE, self.places.secrets["device"])
        port = self.places.ports["mqtt"]
        return [
            Sensor(f"{name}a", DEVICE, port, people=people, stamped=True),
            Sensor(f"{name}b", DEVICE, port, people=people, stamped=False),
        ]

    def whole(self) -> bool:
        return control.running(self.places) and control.at_work(self.places)

    def rows(self, sql: str) -> Rows:
        connection = pymysql.connect(
            host="127.0.0.1", port=self.places.ports["mariadb"], user="backfinca", database="backfinca",
            password=self.places.secrets["mariadb"], connect_timeout=2, read_timeout=10,
        )  # fmt: skip
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def health(self, port: int | None = None) -> dict[str, Any]:
        """What a web process says of itself."""
        url = f"http://127.0.0.1:{port or self.places.web_ports[0]}/health"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refused:
            return dict(json.load(refused))
