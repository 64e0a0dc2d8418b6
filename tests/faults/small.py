"""A farm of one web process and one ingest as a scene's farm; where its servers are is decided by who lays it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import servers
from faults.burden import Sensor
from faults.scene import Farm, Rows
from faults.stacked import MADE
from sensors.farmyard import wait_until
from serving import ROOT, Gunicorn, running


class SmallFarm(Farm):
    """`gunicorn` and `flask ingest` here, with servers that are up; `settings` are the application's."""

    authority = None
    sensor_pause_s = 0.02
    unstamped_qos = 1

    def __init__(
        self,
        stack: ExitStack,
        mariadb: servers.MariaDB,
        redis: servers.Redis,
        broker: servers.Mosquitto,
        **settings: Any,
    ) -> None:
        self.mariadb, self.redis, self.broker = mariadb, redis, broker
        places = {
            "database_url": mariadb.create_database("finca"),
            "redis_url": redis.url,
            "mqtt_url": broker.url,
            "mqtt_ingest": "process",
        }
        self.web = stack.enter_context(Gunicorn(**places, **settings))
        stack.enter_context(running(self.web.flask_command("ingest"), self.web.environment, ROOT))
        self.url, self.token = self.web.url, self.web.log_in()
        ids: dict[str, Any] = {}
        for slug, body in MADE:
            filled = {name: ids.get(value, value) for name, value in body.items()}
            with self.web.open(f"/api/v1/{slug}", self.token, filled) as answer:
                ids[slug] = json.load(answer)["data"]["id"]
        self.animal_id = ids["animals"]
        wait_until(self.whole, "all is there")

    def sensors(self, name: str) -> list[Sensor]:
        host, _, port = self.broker.url.removeprefix("mqtt://").partition(":")
        mine: dict[str, Any] = {"host": host, "pause_s": self.sensor_pause_s}
        return [
            Sensor(f"{name}a", "small-1", int(port), stamped=True, **mine),
            Sensor(f"{name}b", "small-1", int(port), stamped=False, qos=self.unstamped_qos, **mine),
        ]

    def whole(self) -> bool:
        try:
            told = self.web.get("/health")
        except OSError:
            return False
        return bool(told["status"] == "healthy" and told["services"]["broker"] == "connected")

    def rows(self, sql: str) -> Rows:
        with self.mariadb.connect("finca") as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
