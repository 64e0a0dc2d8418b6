"""Signed links: paths a browser may open without headers for a few minutes. Tokens are `tokens`' part."""

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.core.settings import Settings
from app.users.tokens import Principal, principal


def sign_path(settings: Settings, path: str, user_id: int) -> str:
    """`path` with a short-lived signature of who was given it."""
    return f"{path}?sig={_signer(settings).dumps([path, user_id])}"


def signed_user(settings: Settings, path: str, signature: str) -> int | None:
    """The person who was given this signed path, or None when the signature is wrong or too old."""
    try:
        signed, user_id = _signer(settings).loads(signature, max_age=settings.signed_url_minutes * 60)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(user_id) if signed == path else None


def signed_principal(settings: Settings, path: str, signature: str) -> Principal | None:
    """The principal behind a signed path, if that person is still active."""
    user_id = signed_user(settings, path, signature)
    return principal(user_id, 0) if user_id else None


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    # The last key signs, every one verifies.
    return URLSafeTimedSerializer(settings.verifying_keys[::-1], salt="signed-path")
