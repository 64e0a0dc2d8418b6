"""The page of the API says of roles and permissions what the table says."""

import re

from app.core.settings import ROOT
from app.users.permissions import TABLE, Role


def test_the_documented_roles_and_permissions_are_those_of_the_table() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    head = re.search(r"^\| permission \| to \| (\w+) \| (\w+) \| (\w+) \|$", page, re.MULTILINE)
    assert head
    assert list(head.groups()) == list(Role)
    rows = re.findall(r"^\| `([\w.]+)` \| [^|]+ \| (yes|—) \| (yes|—) \| (yes|—) \|$", page, re.MULTILINE)
    documented = {name: {role for role, mark in zip(Role, marks, strict=True) if mark == "yes"}
                  for name, *marks in rows}  # fmt: skip
    assert len(rows) == len(TABLE)
    assert documented == {name: permission.roles for name, permission in TABLE.items()}
