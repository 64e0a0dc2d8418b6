"""HTTP door of the sensors room: devices, channels, readings, refusals."""

import datetime as dt
from typing import Any

from flask import current_app
from flask_restx import Namespace, Resource

from app.core import times
from app.core.access import allow
from app.core.cache import conditional
from app.core.errors import Invalid
from app.core.http import asks, gives, json_response, success, takes, written
from app.core.lists import PARAMETERS, Listing, list_response
from app.sensors import rollups, service
from app.sensors.models import Device, Reject
from app.sensors.schemas import (
    DeviceChanges,
    DeviceDetail,
    DeviceIn,
    DeviceOut,
    LatestOut,
    LatestQuery,
    RejectOut,
    SeriesOut,
    SeriesQuery,
    StatsOut,
)

ns = Namespace("sensors", description="Dispositivos, canales y lecturas")
DEVICES = Listing(Device, DeviceOut, search=("code", "name", "place"))
REJECTS = Listing(Reject, RejectOut, search=("topic", "reason", "excerpt"))
DAY = dt.timedelta(days=1)


def _replay(device: Device) -> None:
    current_app.extensions["replay"](device)


def _declared(device: Device, channels: list[Any]) -> Device:
    if channels:
        current_app.extensions["redeclared"](device)
    return device


@ns.route("")
class Devices(Resource):
    """The devices."""

    @allow("sensors.view")
    @conditional("devices")
    @ns.doc(params=PARAMETERS)
    @gives(DeviceOut, many=True)
    def get(self) -> Any:
        """List the devices, a page at a time."""
        return list_response(DEVICES)

    @allow("sensors.manage")
    @takes(DeviceIn)
    @gives(DeviceDetail, "Dispositivo registrado", status=201)
    def post(self, body: DeviceIn) -> Any:
        """Register a device before it publishes."""
        channels = [channel.model_dump(exclude_unset=True) for channel in body.channels]
        return service.register_device(**body.model_dump(exclude={"channels"}), channels=channels)


@ns.route("/latest")
class Latest(Resource):
    """The newest readings."""

    @allow("sensors.view")
    @conditional("readings", "devices", "channels")
    @asks(LatestQuery)
    @gives(LatestOut, many=True)
    def get(self, query: LatestQuery) -> Any:
        """The newest reading of every channel."""
        device_id = service.device_named(query.device).id if query.device else None
        rows = service.latest(device_id)
        return success([written(LatestOut, {**row._mapping, "ts": times.iso_ms(row.ts_ms)}) for row in rows])


@ns.route("/rejects")
class Rejects(Resource):
    """What could not be stored."""

    @allow("sensors.manage")
    @ns.doc(params=PARAMETERS)
    @gives(RejectOut, many=True)
    def get(self) -> Any:
        """The last messages or values refused; `meta.counts` has how many for each reason since the beginning."""
        response = list_response(REJECTS)
        # Asked for as a file, it has no place for more.
        if not response.is_json:
            return response
        body = response.get_json()
        body["meta"]["counts"] = service.reject_counts()
        response.data = json_response(body).data
        return response


@ns.route("/stats")
class Arrivals(Resource):
    """How much arrives."""

    @allow("sensors.view")
    @gives(StatsOut)
    def get(self) -> Any:
        """Messages per minute, readings per day, devices by status, refusals, and the state of ingest."""
        return {**service.stats(), "ingest": current_app.extensions["ingest_state"]()}


@ns.route("/<string:name>")
@ns.param("name", "Id o código del dispositivo", _in="path")
class OneDevice(Resource):
    """One device."""

    @allow("sensors.view")
    @conditional("devices", "channels")
    @gives(DeviceDetail)
    def get(self, name: str) -> Any:
        """A device with its channels."""
        return service.device_named(name)

    @allow("sensors.manage")
    @takes(DeviceChanges)
    @gives(DeviceDetail, "Dispositivo actualizado")
    def put(self, body: DeviceChanges, name: str) -> Any:
        """Change the fields that are present; `status: active` approves a quarantined device."""
        channels = [channel.model_dump(exclude_unset=True) for channel in body.channels]
        changes = body.model_dump(exclude_unset=True, exclude={"channels"})
        device = service.update_device(service.device_named(name), _replay, channels, **changes)
        return _declared(device, channels)

    patch = put

    @allow("records.delete")
    @gives(None, "Dispositivo eliminado")
    def delete(self, name: str) -> Any:
        """Delete a device that never stored a reading."""
        device = service.device_named(name)
        deleted = device.id
        service.remove_device(device)
        return {"deleted_id": deleted}


@ns.route("/<string:name>/readings")
@ns.param("name", "Id o código del dispositivo", _in="path")
class Readings(Resource):
    """A device's readings."""

    @allow("sensors.view")
    @conditional("readings", "channels")
    @asks(SeriesQuery)
    @gives(SeriesOut, many=True)
    def get(self, query: SeriesQuery, name: str) -> Any:
        """Minimum, mean and maximum by bucket, from raw readings or rollups as the width allows."""
        start_ms, end_ms = _span(query)
        return [
            _series(channel, start_ms, end_ms, query.buckets) for channel in _channels(name, query.channel)
        ]


def _channels(name: str, channel: str | None) -> Any:
    return service.channels_of(service.device_named(name), channel)


def _series(channel: Any, start_ms: int, end_ms: int, buckets: int) -> dict[str, Any]:
    found = rollups.series(channel.id, start_ms, end_ms, buckets)
    return {
        "channel": channel,
        "from": times.iso_ms(start_ms),
        "to": times.iso_ms(end_ms),
        "resolution": found.resolution,
        "bucket_ms": found.bucket_ms,
        "points": found.rows,
    }


def _span(query: SeriesQuery) -> tuple[int, int]:
    end = _aware(query.to) if query.to else times.now()
    start = _aware(query.from_) if query.from_ else end - DAY
    if not start < end:
        raise Invalid(fields={"from": "Debe ser anterior a «to»"})
    return times.to_ms(start), times.to_ms(end)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
