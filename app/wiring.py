"""Who hears what. Lower rooms are given the functions of higher ones here, and nowhere else."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, current_app
from sqlalchemy import func, select, tuple_

from app.activity import recording, trail
from app.activity.listeners import Listeners
from app.biogas import digesters, metering, settling
from app.biogas.models import Digester, DigesterDevice, ProductionDay
from app.core import cache, records, times, websockets
from app.core.bus import bus
from app.core.bus import init_app as init_bus
from app.core.duty import Duty
from app.core.extensions import current_settings, db
from app.core.settings import Settings
from app.core.transaction import transaction
from app.health.models import AnimalDisease, Treatment, Vaccination
from app.herd.animals import recorded
from app.herd.models import Animal
from app.herd.recorded import Span, span
from app.herd.statuses import departed, remained
from app.land import stays
from app.land.models import AnimalField
from app.sensors import frames_resource, live
from app.sensors.ingest import Ingest, replay
from app.sensors.pusher import LiveReading, Pusher
from app.sensors.roller import Roller
from app.sensors.stored import Stored
from app.sensors.watchers import Watchers
from app.users.rounds import Rounds

INGESTS_SHOWN = 8
IDS_AT_ONCE = 1000


def init_app(app: Flask) -> None:
    """Ties the rooms together."""
    settings: Settings = app.config["SETTINGS"]
    init_bus(app, settings.redis_url)
    recording.init_app(tags_of_animals)
    app.extensions["deleted_since"] = trail.deleted_since
    app.extensions["listeners"] = Listeners()
    websockets.init_app(app)
    live.init_app(devices_of_digester, production_now, app.app_context)
    app.extensions["pusher"] = Pusher(settings.live_interval_ms, show_readings, app.app_context)
    app.extensions["replay"] = replay
    app.extensions["redeclared"] = digesters.redeclared
    app.extensions["ingest_state"] = ingest_state
    app.extensions["ingest"] = None
    app.extensions["rounds"] = None
    if stays.leave not in departed:
        departed.append(stays.leave)
    if stays.stay_on not in remained:
        remained.append(stays.stay_on)
    if days_recorded not in recorded:
        recorded.append(days_recorded)


def tags_of_animals(animal_ids: Iterable[int]) -> Mapping[int, str]:
    """The tag number of each animal, for those that exist."""
    ids = sorted(animal_ids)
    found: dict[int, str] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        query = select(Animal.id, Animal.record).where(Animal.id.in_(ids[start : start + IDS_AT_ONCE]))
        found |= dict(db.session.execute(query).all())
    return found


def days_recorded(animal_id: int) -> Span:
    """The first and the last day on which the animal came into a paddock, was ill, or was given something."""
    return span(
        animal_id,
        *(AnimalField.assignment_date, AnimalDisease.diagnosis_date),
        *(Treatment.treatment_date, Vaccination.vaccination_date),
    )


def watchers() -> Watchers:
    """Readings go to the screens once committed, and to the digesters' days once rolled up."""
    return Watchers(
        stored=show,
        availability=tell_availability,
        new_device=digesters.adopt_device,
        rolled=metering.mark_readings,
        after_roll=settle,
    )


def start_background(app: Flask) -> None:
    """Starts what runs beside the requests: the rounds of this process and, in one process alone, inline ingest."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["servers"].start()
    app.extensions["rounds"] = Rounds(app)
    app.extensions["rounds"].start()
    if settings.mqtt_ingest != "inline":
        return

    def begin() -> None:
        app.extensions["ingest"] = Ingest(app, settings, watchers())
        app.extensions["ingest"].start()

    def end() -> None:
        app.extensions["ingest"].stop()
        app.extensions["ingest"] = None

    app.extensions["duty"] = Duty(settings.instance_dir / "ingest.lock", begin, end)
    app.extensions["duty"].start()


def stop_background(app: Flask) -> None:
    """Lets ingest store and acknowledge what it holds, the screens be told of it, and the rounds end."""
    app.extensions["listeners"].dismiss_all()
    if rounds := app.extensions.get("rounds"):
        rounds.stop()
        app.extensions["rounds"] = None
    if duty := app.extensions.pop("duty", None):
        duty.stop()
    app.extensions["pusher"].close()
    app.extensions["servers"].stop()


def pusher() -> Pusher:
    """What tells the screens of the application at work."""
    found: Pusher = current_app.extensions["pusher"]
    return found


def show(stored: Stored) -> None:
    """Leaves word of a committed batch for the screens and the earlier clients, and renews the stamps."""
    shown = [
        LiveReading(
            device.id, device.code, channel.id, channel.key, channel.quantity, channel.unit, ts_ms, value
        )
        for device, readings in stored.newest()
        for channel, ts_ms, value in readings
    ]
    if not shown:
        return
    frames = frames_resource.frames_of(stored)
    pusher().push(shown)
    pusher().tell(lambda: bus().publish(frames_resource.TOPIC, *frames))
    cache.touch("readings", "messages", "devices", "channels")


def show_readings(readings: list[LiveReading]) -> None:
    """Sends readings to those who follow their device, its digester or everything."""
    live.announce_readings(readings, digesters_of({reading.device_id for reading in readings}))


def tell_availability(device_id: int, code: str, online: bool) -> None:
    """Leaves word that a device came or went; what was told of it before is no longer so."""
    cache.touch("devices")
    pusher().tell(
        lambda: live.announce_availability(device_id, code, online, digesters_of([device_id]).get(device_id))
    )


def settle() -> None:
    """Computes the digesters' days that are marked and due."""
    settling.settle(tell_production)


def tell_production(digester: Digester, day: ProductionDay) -> None:
    """Leaves word of what a digester's day has given so far."""
    digester_id, shape = digester.id, production_shape(digester.id, day)
    pusher().tell(lambda: live.announce_production(digester_id, shape))


def production_shape(digester_id: int, day: ProductionDay) -> dict[str, Any]:
    """A day's production as the screens get it."""
    return {
        "digester_id": digester_id,
        "day": day.day.isoformat(),
        "volume_m3": day.volume_m3,
        "volume_nm3": day.volume_nm3,
        "covered_ms": day.covered_ms,
        "resets": day.resets,
        "spikes": day.spikes,
        "computed_at": times.iso_ms(day.computed_ms),
    }


def production_now(digester_ids: list[int] | None) -> list[dict[str, Any]]:
    """The newest day of each digester (of the first hundred when None), for a new screen."""
    newest = select(ProductionDay.digester_id, func.max(ProductionDay.day)).group_by(
        ProductionDay.digester_id
    )
    if digester_ids is not None:
        newest = newest.where(ProductionDay.digester_id.in_(digester_ids))
    keys = [tuple(row) for row in db.session.execute(newest.order_by(ProductionDay.digester_id).limit(100))]
    days = select(ProductionDay).where(tuple_(ProductionDay.digester_id, ProductionDay.day).in_(keys))
    return [production_shape(day.digester_id, day) for day in db.session.scalars(days)]


def devices_of_digester(digester_id: int) -> list[int]:
    """The ids of the devices that measure a digester. Raises NotFound."""
    records.get(Digester, digester_id, "El biodigestor")
    return list(
        db.session.scalars(select(DigesterDevice.device_id).where(DigesterDevice.digester_id == digester_id))
    )


def digesters_of(device_ids: Iterable[int]) -> dict[int, int]:
    """The digester each device measures, for those that measure one."""
    query = select(DigesterDevice.device_id, DigesterDevice.digester_id)
    rows = db.session.execute(query.where(DigesterDevice.device_id.in_(list(device_ids))))
    return dict(rows.all())


def ingest_state() -> dict[str, Any]:
    """What the way in of the readings tells of itself, here or in its own processes."""
    settings = current_settings()
    if settings.mqtt_ingest == "off":
        return {"mode": "off", "connected": None}
    own = current_app.extensions.get("ingest")
    states = [own.status()] if own else _heard(settings.mqtt_client_id)
    last = max((state["last_message_ms"] or 0 for state in states), default=0)
    return {
        "mode": settings.mqtt_ingest,
        "processes": len(states),
        "connected": bool(states) and all(state["connected"] for state in states),
        "protocol": states[0]["protocol"] if states else None,
        "queue_depth": sum(state["queue_depth"] for state in states),
        "messages_total": sum(state["messages_total"] for state in states),
        "last_message_at": times.iso_ms(last) if last else None,
        "last_message_age_s": round((times.now_ms() - last) / 1000, 1) if last else None,
    }


def _heard(client_id: str) -> list[dict[str, Any]]:
    names = [client_id, *(f"{client_id}-{n}" for n in range(2, INGESTS_SHOWN + 1))]
    return [state for name in names if (state := cache.fetch(f"ingest:{name}"))]


def settle_everything() -> None:
    """Rolls up and computes whatever is marked; for the command line, where no ingest runs beside."""
    settings = current_settings()
    roller = Roller(current_app._get_current_object(), settings, watchers(), lambda: None)  # type: ignore[attr-defined]
    rolled = True
    while rolled:
        with transaction() as session:
            rolled = bool(roller.roll(session))
    settling.settle_all(lambda *_: None)
