"""python -m scripts.stack up|down|status|ctl: the whole farm on this machine, from the files in deploy/."""

import argparse
import sys
from pathlib import Path

from scripts.stack import control
from scripts.stack.places import ROOT, CannotStart, Places


def main() -> None:
    """Does what the command line says; a failure is told in one sentence."""
    options = _options()
    places = Places.of(options.folder.resolve())
    try:
        _do(options, places)
    except CannotStart as failure:
        sys.exit(f"{failure}\nLogs: {places.log}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.stack", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "instance" / "stack", help="where it lives")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="bring it up")
    starting.add_argument("--demo", action="store_true", help="with a farm of demonstration")
    starting.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the application"
    )
    commands.add_parser("down", help="stop it; its data stay")
    commands.add_parser("status", help="what runs")
    passing = commands.add_parser("ctl", help="a command of supervisorctl")
    passing.add_argument("arguments", nargs="+")
    return parser.parse_args()


def _do(options: argparse.Namespace, places: Places) -> None:
    if options.command == "up":
        control.up(places, dict(pair.split("=", 1) for pair in options.set), demo=options.demo)
        print(control.explanation(places))
    elif options.command == "down":
        control.down(places)
    elif not control.running(places):
        sys.exit("The stack is not running")
    else:
        arguments = options.arguments if options.command == "ctl" else ["status"]
        print(control.ctl(places, *arguments), end="")


if __name__ == "__main__":
    main()
