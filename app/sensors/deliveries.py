"""Which broker deliveries are already stored: recognises a redelivered message that carries no timestamp."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sensors.models import Delivery

# The broker numbers deliveries from 1 to 65535 and starts again: an older receipt may be of another message.
WINDOW = 32_768
# A new session numbers from 1 again: counting on by this makes every earlier receipt too old.
FORGOTTEN = 2 * WINDOW
COUNTER_MID = 0


class Receipt(NamedTuple):
    """That our delivery number `seq` stored the message of this digest."""

    seq: int
    digest: bytes

    def proves(self, digest: bytes, seq: int) -> bool:
        """Whether delivery number `seq` of this digest is that one again."""
        return self.digest == digest and seq - self.seq <= WINDOW


def recall(session: Session, client_id: str, mids: Sequence[int]) -> dict[int, Receipt]:
    """The receipts kept for these message ids."""
    if not mids:
        return {}
    wanted = select(Delivery.mid, Delivery.seq, Delivery.digest)
    rows = session.execute(wanted.where(Delivery.client_id == client_id, Delivery.mid.in_(mids)))
    return {mid: Receipt(seq, bytes(digest)) for mid, seq, digest in rows}


def last_seq(session: Session, client_id: str) -> int:
    """How many deliveries the client has stored so far; waits for a commit of its own still on the way."""
    wanted = select(Delivery.seq).where(Delivery.client_id == client_id, Delivery.mid == COUNTER_MID)
    return session.execute(wanted.with_for_update()).scalar_one_or_none() or 0
