"""HTTP door of the stream of changes: server-sent events, one for each committed change."""

from typing import Any

from flask import Response, current_app, request
from flask_restx import Namespace, Resource

from app.activity.listeners import Listeners, stream
from app.core.access import allow
from app.core.bus import bus
from app.core.websockets import PLACES
from app.users.guard import present

ns = Namespace("events", description="Cambios en vivo")
# A proxy that buffers, or a cache that keeps, would hold the changes back.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@ns.route("/events")
class Events(Resource):
    """What changes, as it changes."""

    @allow("")
    @ns.doc(
        produces=["text/event-stream"], responses={200: "Un mensaje por cambio", 429: "Demasiadas conexiones"}
    )
    def get(self) -> Any:
        """Follow the changes: each message is {endpoint, action, id}; HEAD answers without opening a stream."""
        if request.method == "HEAD":
            return Response(mimetype="text/event-stream", headers=HEADERS)
        listeners: Listeners = current_app.extensions["listeners"]
        wire = next((request.environ[place] for place in PLACES if place in request.environ), None)
        listener = listeners.admit(present(), wire)
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        body = stream(listener, bus(), app.app_context)
        response = Response(body, mimetype="text/event-stream", headers=HEADERS)
        # Also when the client is gone before the first piece.
        response.call_on_close(lambda: listeners.release(listener))
        return response
