"""`flask ingest` for the suite: a process that may be killed, with its settings from the environment."""

import signal
import threading

from app import create_app
from app.core.settings import load_settings
from app.sensors.ingest import Ingest
from app.sensors.watchers import Watchers


def main() -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    settings = load_settings()
    ingest = Ingest(create_app(settings), settings, Watchers())
    ingest.start()
    ended.wait()
    ingest.stop()


if __name__ == "__main__":
    main()
