"""Animals as Django REST framework gives them: ModelSerializer, its pages, its authentication; ETags by Django.

`gunicorn django_farm:application`; the tables are BackFinca's. PEER_DATABASE_PORT and PEER_DATABASE_NAME say where.
"""

import os
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

import django
import jwt
from django.conf import settings
from django.core.wsgi import get_wsgi_application

if find_spec("MySQLdb") is None:
    import pymysql

    pymysql.install_as_MySQLdb()

ZONE = ZoneInfo("America/Bogota")
KEY = os.environ["PEER_KEY"]

settings.configure(
    SECRET_KEY=KEY,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    TIME_ZONE="UTC",
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "HOST": "127.0.0.1",
            "PORT": os.environ["PEER_DATABASE_PORT"],
            "NAME": os.environ["PEER_DATABASE_NAME"],
            "USER": "root",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"charset": "utf8mb4"},
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.db import models
from django.urls import include, path
from rest_framework import pagination, routers, serializers, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response


class User(models.Model):
    """Who may ask."""

    status = models.BooleanField()
    token_version = models.IntegerField()
    is_authenticated = True

    class Meta:
        app_label, managed, db_table = "farm", False, "users"


class Species(models.Model):
    """A species."""

    name = models.CharField(max_length=255)

    class Meta:
        app_label, managed, db_table = "farm", False, "species"


class Breed(models.Model):
    """A breed of a species."""

    name = models.CharField(max_length=255)
    # Nullable, so that Django joins from outside: an inner join makes MariaDB start at the smallest table and sort all.
    species = models.ForeignKey(Species, models.DO_NOTHING, null=True)

    class Meta:
        app_label, managed, db_table = "farm", False, "breeds"


class Animal(models.Model):
    """An animal."""

    record = models.CharField(max_length=255)
    sex = models.CharField(max_length=10)
    birth_date = models.DateField()
    weight = models.FloatField()
    status = models.CharField(max_length=10)
    status_date = models.DateField(null=True)
    status_reason = models.CharField(max_length=255, null=True)
    breeds = models.ForeignKey(Breed, models.DO_NOTHING, null=True)
    father_id = models.IntegerField(null=True)
    mother_id = models.IntegerField(null=True)
    notes = models.TextField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "farm", False, "animals"

    @property
    def age_in_days(self) -> int:
        return (datetime.now(UTC).astimezone(ZONE).date() - self.birth_date).days

    @property
    def age_in_months(self) -> int:
        return round(self.age_in_days / 30.44)

    @property
    def is_adult(self) -> bool:
        return self.age_in_months >= 12


class TokenAuthentication(BaseAuthentication):
    """A bearer token that we signed, of a person the database knows."""

    def authenticate(self, request: Any) -> Any:
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            claims = jwt.decode(token, KEY, algorithms=["HS256"])
            user = User.objects.get(pk=int(claims["sub"]))
        except (jwt.PyJWTError, User.DoesNotExist):
            raise AuthenticationFailed
        if not user.status or user.token_version != claims["ver"]:
            raise AuthenticationFailed
        return user, claims

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class AnimalSerializer(serializers.ModelSerializer):
    """An animal as the API shows it."""

    breed_name = serializers.CharField(source="breeds.name")
    species_id = serializers.IntegerField(source="breeds.species_id")
    species_name = serializers.CharField(source="breeds.species.name")
    idFather = serializers.IntegerField(source="father_id")  # noqa: N815
    idMother = serializers.IntegerField(source="mother_id")  # noqa: N815
    created_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%SZ")
    updated_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%SZ")
    age_in_days = serializers.ReadOnlyField()
    age_in_months = serializers.ReadOnlyField()
    is_adult = serializers.ReadOnlyField()

    class Meta:
        model = Animal
        fields = (
            *("id", "record", "sex", "birth_date", "weight", "status", "status_date", "status_reason"),
            *("breeds_id", "breed_name", "species_id", "species_name", "idFather", "idMother", "notes"),
            *("created_at", "updated_at", "age_in_days", "age_in_months", "is_adult"),
        )


class Pages(pagination.PageNumberPagination):
    """Pages in the envelope."""

    page_size_query_param = "limit"
    max_page_size = 1000

    def get_paginated_response(self, data: Any) -> Response:
        page = self.page
        said = {
            "page": page.number,
            "limit": page.paginator.per_page,
            "total_items": page.paginator.count,
            "total_pages": page.paginator.num_pages,
            "has_next_page": page.has_next(),
            "has_previous_page": page.has_previous(),
        }
        return Response({"success": True, "message": "", "data": data, "meta": {"pagination": said}})


class Animals(viewsets.ReadOnlyModelViewSet):
    """Animals, a page or one."""

    queryset = Animal.objects.select_related("breeds__species").order_by("id")
    serializer_class = AnimalSerializer
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    pagination_class = Pages

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().retrieve(request, *args, **kwargs)
        return Response({"success": True, "message": "", "data": answer.data})


router = routers.SimpleRouter(trailing_slash=False)
router.register("animals", Animals)
urlpatterns = [path("api/v1/", include(router.urls))]
application = get_wsgi_application()
