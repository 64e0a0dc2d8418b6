"""What speaks against a parent, and against an animal's own sex and birth date."""

from datetime import date

import pytest

from app.herd.pedigree import Facts, own_problems, parent_problems

CALF = Facts(1, "C-1", "Hembra", date(2025, 5, 1))
BULL = Facts(2, "T-2", "Macho", date(2020, 1, 1))
COW = Facts(3, "V-3", "Hembra", date(2021, 1, 1))
NEW = Facts(None, "C-9", "Macho", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("child", "father", "mother"),
    [
        (CALF, BULL, COW),
        (CALF, None, COW),
        (CALF, BULL, None),
        (CALF, None, None),
        (NEW, BULL, COW),
        (CALF._replace(birth_date=None), BULL, COW),
        (CALF, BULL._replace(birth_date=None, sex=None), COW),
    ],
)
def test_nothing_speaks_against_them(child, father, mother):
    assert parent_problems(child, father, mother, {2: (4, 5), 3: (4, None)}) == []


@pytest.mark.parametrize(
    ("father", "mother", "expected"),
    [
        (COW, None, [("idFather", "El animal V-3 no puede ser padre: es hembra")]),
        (None, BULL, [("idMother", "El animal T-2 no puede ser madre: es macho")]),
        (
            BULL._replace(birth_date=date(2025, 5, 2)),
            None,
            [("idFather", "El animal T-2 no puede ser padre: nació el 2025-05-02 y la cría el 2025-05-01")],
        ),
        (
            None,
            COW._replace(birth_date=CALF.birth_date),
            [("idMother", "El animal V-3 no puede ser madre: nació el 2025-05-01 y la cría el 2025-05-01")],
        ),
        (
            BULL,
            BULL,
            [
                ("idMother", "El animal T-2 no puede ser madre: es macho"),
                ("idMother", "El padre y la madre son el mismo animal, T-2"),
            ],
        ),
        (
            COW._replace(birth_date=date(2026, 1, 1)),
            None,
            [
                ("idFather", "El animal V-3 no puede ser padre: es hembra"),
                ("idFather", "El animal V-3 no puede ser padre: nació el 2026-01-01 y la cría el 2025-05-01"),
            ],
        ),
    ],
)
def test_every_problem_is_found(father, mother, expected):
    assert parent_problems(CALF, father, mother) == expected


def test_two_new_animals_are_not_one():
    father, mother = (
        BULL._replace(id=None, birth_date=None),
        COW._replace(id=None, record="V-8", birth_date=None),
    )
    assert parent_problems(NEW, father, mother) == []


UNDATED = CALF._replace(birth_date=None)


def test_no_animal_is_its_own_parent():
    (sex, own) = parent_problems(UNDATED, UNDATED, None)
    assert (sex.field, own) == ("idFather", ("idFather", "Un animal no puede ser su propio padre"))
    assert parent_problems(UNDATED, None, UNDATED) == [("idMother", "Un animal no puede ser su propia madre")]


def test_no_animal_is_its_own_ancestor():
    stored = {2: (None, 6), 6: (7, 8), 8: (None, 1), 1: (9, None), 7: (None, 10)}
    (problem,) = parent_problems(UNDATED, BULL, COW, stored, {6: "N-6"})
    assert problem == (
        "idFather",
        "El animal T-2 desciende de C-1, que sería su propio antepasado: C-1 → T-2 → N-6 → n.º 8 → C-1",
    )


def test_a_loop_that_is_stored_already_ends_the_search():
    assert parent_problems(UNDATED, BULL, None, {2: (4, 5), 4: (2, None), 5: (4, 5)}) == []


def test_a_parent_of_calves_keeps_its_sex():
    calves = [CALF._replace(id=number, record=f"C-{number}") for number in range(10, 17)]
    assert own_problems(BULL, calves, []) == []
    assert own_problems(BULL._replace(sex="Hembra"), calves, []) == [
        ("sex", "No puede ser hembra: figura como padre de C-10, C-11, C-12, C-13, C-14 y 2 más")
    ]
    assert own_problems(COW._replace(sex="Macho"), [], calves[:1]) == [
        ("sex", "No puede ser macho: figura como madre de C-10")
    ]


def test_a_parent_is_older_than_its_calves():
    calves = [CALF, CALF._replace(record="C-0", birth_date=date(2023, 1, 1))]
    assert own_problems(COW._replace(birth_date=date(2023, 1, 1)), [], calves) == [
        ("birth_date", "Debe ser anterior al nacimiento de sus crías: C-0")
    ]
