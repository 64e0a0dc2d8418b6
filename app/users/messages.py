"""The messages people get by mail, as text and as HTML. Sending them is `mail`'s and `postman`'s part."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Message:
    """A message without its recipient."""

    subject: str
    text: str
    html: str


def reset(farm: str, fullname: str, link: str, minutes: int) -> Message:
    """The link to a new password."""
    return _message(
        f"{farm}: nueva contraseña",
        [
            f"Hola, {fullname}:",
            "Alguien, seguramente usted, pidió elegir una contraseña nueva. Ábralo en este enlace:",
            link,
            f"Sirve una sola vez y durante {minutes} minutos.",
            "Si no fue usted, no haga nada: su contraseña sigue siendo la misma.",
        ],
        link,
    )


def password_changed(farm: str, fullname: str) -> Message:
    """The notice that the password is another one."""
    return _message(
        f"{farm}: su contraseña cambió",
        [
            f"Hola, {fullname}:",
            "La contraseña de su cuenta acaba de cambiar y se cerraron todas sus sesiones.",
            "Si no fue usted, recupérela de inmediato y avise a quien administra la finca.",
        ],
    )


def _message(subject: str, paragraphs: list[str], link: str | None = None) -> Message:
    parts = [
        f'<p><a href="{escape(part)}">{escape(part)}</a></p>' if part == link else f"<p>{escape(part)}</p>"
        for part in paragraphs
    ]
    html = f'<!doctype html>\n<html lang="es"><body>\n{chr(10).join(parts)}\n</body></html>\n'
    return Message(" ".join(subject.split()), "\n\n".join(paragraphs) + "\n", html)
