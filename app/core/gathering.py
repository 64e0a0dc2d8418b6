"""Questions that come while another is under way are put together as one. Each answer is newer than its question."""

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

Ask = Callable[[list[str]], Mapping[str, Any]]


class _Round:
    """Keys that will be asked for together."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.has_leader = False
        # Held until there is an answer: who waits for it waits for the lock, which costs less than an Event.
        self.under_way = Lock()
        self.under_way.acquire()
        self.answer: Mapping[str, Any] | None = None
        self.error: Exception | None = None


class Gathering:
    """Puts questions to `ask` one round at a time: who comes during a round is answered by the next.

    Before a round, `give_way` lets those have their turn who have come already: greenlets have none until one waits.
    """

    def __init__(self, ask: Ask, give_way: Callable[[], None] = lambda: None) -> None:
        self._ask, self._give_way, self._next = ask, give_way, _Round()
        self._under_way, self._joining = Lock(), Lock()

    def values(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """What `ask` says of the keys, asked after this call began; of others' keys too. Raises what `ask` raises."""
        with self._joining:
            mine, leads = self._next, not self._next.has_leader
            mine.has_leader = True
            mine.keys.update(dict.fromkeys(keys))
        if leads:
            self._lead(mine)
        else:
            with mine.under_way:
                pass
        if mine.answer is None:
            raise mine.error or ConnectionError
        return mine.answer

    def _lead(self, mine: _Round) -> None:
        try:
            with self._under_way:
                self._give_way()
                self._close(mine)
                mine.answer = self._ask(list(mine.keys))
        except Exception as error:
            mine.error = error
        finally:
            # Also when this request is ended while it waits: those who joined it must not wait for ever.
            self._close(mine)
            mine.under_way.release()

    def _close(self, mine: _Round) -> None:
        with self._joining:
            if self._next is mine:
                self._next = _Round()
