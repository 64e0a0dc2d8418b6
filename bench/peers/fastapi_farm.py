"""Animals as FastAPI and SQLAlchemy's asyncio give them: ORM rows, joined eagerly, through response models.

`uvicorn fastapi_farm:app`; the tables are BackFinca's. PEER_DATABASE is their address, PEER_KEY signs the tokens.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, computed_field
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

ZONE = ZoneInfo("America/Bogota")
KEY = os.environ["PEER_KEY"]

engine = create_async_engine(os.environ["PEER_DATABASE"], pool_size=10, isolation_level="READ COMMITTED")
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    """The tables."""


class User(Base):
    """Who may ask."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[bool]
    token_version: Mapped[int]


class Species(Base):
    """A species."""

    __tablename__ = "species"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Breed(Base):
    """A breed of a species."""

    __tablename__ = "breeds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    species_id: Mapped[int] = mapped_column(ForeignKey("species.id"))
    species: Mapped[Species] = relationship()


class Animal(Base):
    """An animal."""

    __tablename__ = "animals"
    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str]
    sex: Mapped[str]
    birth_date: Mapped[date]
    weight: Mapped[float]
    status: Mapped[str]
    status_date: Mapped[date | None]
    status_reason: Mapped[str | None]
    breeds_id: Mapped[int] = mapped_column(ForeignKey("breeds.id"))
    father_id: Mapped[int | None]
    mother_id: Mapped[int | None]
    notes: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    breed: Mapped[Breed] = relationship()

    @property
    def breed_name(self) -> str:
        return self.breed.name

    @property
    def species_id(self) -> int:
        return self.breed.species_id

    @property
    def species_name(self) -> str:
        return self.breed.species.name


Moment = Annotated[datetime, PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z", return_type=str)]


class AnimalOut(BaseModel):
    """An animal; its age is of today, in the farm's days."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    record: str
    sex: str
    birth_date: date
    weight: float
    status: str
    status_date: date | None
    status_reason: str | None
    breeds_id: int
    breed_name: str
    species_id: int
    species_name: str
    father_id: int | None = Field(serialization_alias="idFather")
    mother_id: int | None = Field(serialization_alias="idMother")
    notes: str | None
    created_at: Moment
    updated_at: Moment

    @computed_field
    @property
    def age_in_days(self) -> int:
        return (datetime.now(UTC).astimezone(ZONE).date() - self.birth_date).days

    @computed_field
    @property
    def age_in_months(self) -> int:
        return round(self.age_in_days / 30.44)

    @computed_field
    @property
    def is_adult(self) -> bool:
        return self.age_in_months >= 12


class Pagination(BaseModel):
    """Which page."""

    page: int
    limit: int
    total_items: int
    total_pages: int
    has_next_page: bool
    has_previous_page: bool


class Meta(BaseModel):
    """What is said of a list."""

    pagination: Pagination


class AnimalPage(BaseModel):
    """A page in its envelope."""

    success: bool = True
    message: str = ""
    data: list[AnimalOut]
    meta: Meta


class OneAnimal(BaseModel):
    """One in its envelope."""

    success: bool = True
    message: str = ""
    data: AnimalOut


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def present(db: Session, authorization: Annotated[str, Header()] = "") -> User:
    """Who asks, as the database has them."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), KEY, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401)
    user = await db.get(User, int(claims["sub"]))
    if user is None or not user.status or user.token_version != claims["ver"]:
        raise HTTPException(401)
    return user


Present = Annotated[User, Depends(present)]
ANIMALS = select(Animal).options(joinedload(Animal.breed).joinedload(Breed.species))


@app.get("/api/v1/animals", response_model=AnimalPage)
async def animals(db: Session, _user: Present, page: int = 1, limit: int = 100) -> Any:
    rows = await db.scalars(ANIMALS.order_by(Animal.id.asc()).limit(limit).offset((page - 1) * limit))
    total = await db.scalar(select(func.count()).select_from(Animal)) or 0
    pages = -(-total // limit)
    pagination = {
        "page": page,
        "limit": limit,
        "total_items": total,
        "total_pages": pages,
        "has_next_page": page < pages,
        "has_previous_page": page > 1,
    }
    return {"data": rows.all(), "meta": {"pagination": pagination}}


@app.get("/api/v1/animals/{id}", response_model=OneAnimal)
async def animal(db: Session, _user: Present, id: int) -> Any:
    found = await db.scalar(ANIMALS.where(Animal.id == id))
    if found is None:
        raise HTTPException(404)
    return {"data": found}
