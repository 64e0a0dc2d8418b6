"""Herd, land, health, activity, preferences and requests that may be repeated.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# In the order in which they are made.
TABLES = [
    "activity_daily_agg",
    "activity_head",
    "activity_log",
    "diseases",
    "food_types",
    "repeatable_requests",
    "route_administrations",
    "species",
    "breeds",
    "favorites",
    "fields",
    "medications",
    "vaccines",
    "visits",
    "animals",
    "animal_diseases",
    "animal_fields",
    "animal_images",
    "animal_status_changes",
    "animal_tags",
    "controls",
    "genetic_improvements",
    "treatments",
    "vaccinations",
    "treatment_medications",
    "treatment_vaccines",
]


def upgrade() -> None:
    op.create_table(
        "activity_daily_agg",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("actor_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=50), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("animal_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "date", "actor_id", "entity", "action", "severity", "animal_id", name="pk_activity_daily_agg"
        ),
    )
    op.create_table(
        "activity_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activity_head"),
    )
    op.create_table(
        "activity_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("entity", sa.String(length=50), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("animal_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=True),
        sa.Column("relations", sa.JSON(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activity_log"),
    )
    with op.batch_alter_table("activity_log") as batch_op:
        batch_op.create_index("ix_activity_log_actor_id_id", ["actor_id", "id"], unique=False)
        batch_op.create_index("ix_activity_log_animal_id_id", ["animal_id", "id"], unique=False)
        batch_op.create_index("ix_activity_log_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_activity_log_entity_entity_id", ["entity", "entity_id"], unique=False)
        batch_op.create_index("ix_activity_log_entity_id", ["entity", "id"], unique=False)

    op.create_table(
        "diseases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("symptoms", sa.String(length=255), nullable=True),
        sa.Column("details", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_diseases"),
        sa.UniqueConstraint("name", name="uq_diseases_name"),
    )
    with op.batch_alter_table("diseases") as batch_op:
        batch_op.create_index(
            "ix_diseases_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "food_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("food_type", sa.String(length=255), nullable=False),
        sa.Column("sowing_date", sa.Date(), nullable=True),
        sa.Column("harvest_date", sa.Date(), nullable=True),
        sa.Column("area", sa.Double(), nullable=True),
        sa.Column("handlings", sa.String(length=255), nullable=True),
        sa.Column("gauges", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_food_types"),
        sa.UniqueConstraint("food_type", name="uq_food_types_food_type"),
    )
    with op.batch_alter_table("food_types") as batch_op:
        batch_op.create_index(
            "ix_food_types_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "repeatable_requests",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_repeatable_requests"),
    )
    with op.batch_alter_table("repeatable_requests") as batch_op:
        batch_op.create_index("ix_repeatable_requests_created_at", ["created_at"], unique=False)

    op.create_table(
        "route_administrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("status", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_route_administrations"),
        sa.UniqueConstraint("name", name="uq_route_administrations_name"),
    )
    with op.batch_alter_table("route_administrations") as batch_op:
        batch_op.create_index(
            "ix_route_administrations_updated_at_created_at_id",
            ["updated_at", "created_at", "id"],
            unique=False,
        )

    op.create_table(
        "species",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_species"),
        sa.UniqueConstraint("name", name="uq_species_name"),
    )
    with op.batch_alter_table("species") as batch_op:
        batch_op.create_index(
            "ix_species_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "breeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("species_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["species_id"], ["species.id"], name="fk_breeds_species_id"),
        sa.PrimaryKeyConstraint("id", name="pk_breeds"),
        sa.UniqueConstraint("species_id", "name", name="uq_breeds_species_id_name"),
    )
    with op.batch_alter_table("breeds") as batch_op:
        batch_op.create_index(
            "ix_breeds_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "favorites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_favorites_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_favorites"),
        sa.UniqueConstraint("user_id", "key", name="uq_favorites_user_id_key"),
    )
    op.create_table(
        "fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ubication", sa.String(length=255), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("handlings", sa.String(length=255), nullable=True),
        sa.Column("gauges", sa.String(length=255), nullable=True),
        sa.Column("area", sa.Double(), nullable=False),
        sa.Column("food_type_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["food_type_id"], ["food_types.id"], name="fk_fields_food_type_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fields"),
        sa.UniqueConstraint("name", name="uq_fields_name"),
    )
    with op.batch_alter_table("fields") as batch_op:
        batch_op.create_index("ix_fields_food_type_id", ["food_type_id"], unique=False)
        batch_op.create_index("ix_fields_state", ["state"], unique=False)
        batch_op.create_index(
            "ix_fields_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "medications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("indications", sa.String(length=255), nullable=True),
        sa.Column("contraindications", sa.String(length=255), nullable=True),
        sa.Column("dosis", sa.String(length=50), nullable=True),
        sa.Column("route_administration_id", sa.Integer(), nullable=True),
        sa.Column("availability", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_administration_id"],
            ["route_administrations.id"],
            name="fk_medications_route_administration_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_medications"),
        sa.UniqueConstraint("name", name="uq_medications_name"),
    )
    with op.batch_alter_table("medications") as batch_op:
        batch_op.create_index(
            "ix_medications_route_administration_id", ["route_administration_id"], unique=False
        )
        batch_op.create_index(
            "ix_medications_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "vaccines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("dosis", sa.String(length=255), nullable=True),
        sa.Column("route_administration_id", sa.Integer(), nullable=True),
        sa.Column("vaccination_interval", sa.Integer(), nullable=True),
        sa.Column("type", sa.String(length=20), nullable=True),
        sa.Column("national_plan", sa.Boolean(), nullable=False),
        sa.Column("target_disease_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_administration_id"],
            ["route_administrations.id"],
            name="fk_vaccines_route_administration_id",
        ),
        sa.ForeignKeyConstraint(["target_disease_id"], ["diseases.id"], name="fk_vaccines_target_disease_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vaccines"),
        sa.UniqueConstraint("name", name="uq_vaccines_name"),
    )
    with op.batch_alter_table("vaccines") as batch_op:
        batch_op.create_index(
            "ix_vaccines_route_administration_id", ["route_administration_id"], unique=False
        )
        batch_op.create_index("ix_vaccines_target_disease_id", ["target_disease_id"], unique=False)
        batch_op.create_index("ix_vaccines_type", ["type"], unique=False)
        batch_op.create_index(
            "ix_vaccines_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_visits_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
    )
    with op.batch_alter_table("visits") as batch_op:
        batch_op.create_index("ix_visits_user_id_id", ["user_id", "id"], unique=False)

    op.create_table(
        "animals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("sex", sa.String(length=10), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_date", sa.Date(), nullable=True),
        sa.Column("status_reason", sa.String(length=255), nullable=True),
        sa.Column("breeds_id", sa.Integer(), nullable=False),
        sa.Column("father_id", sa.Integer(), nullable=True),
        sa.Column("mother_id", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["breeds_id"], ["breeds.id"], name="fk_animals_breeds_id"),
        sa.ForeignKeyConstraint(["father_id"], ["animals.id"], name="fk_animals_father_id"),
        sa.ForeignKeyConstraint(["mother_id"], ["animals.id"], name="fk_animals_mother_id"),
        sa.PrimaryKeyConstraint("id", name="pk_animals"),
        sa.UniqueConstraint("record", name="uq_animals_record"),
    )
    with op.batch_alter_table("animals") as batch_op:
        batch_op.create_index("ix_animals_birth_date", ["birth_date"], unique=False)
        batch_op.create_index("ix_animals_breeds_id", ["breeds_id"], unique=False)
        batch_op.create_index("ix_animals_father_id", ["father_id"], unique=False)
        batch_op.create_index("ix_animals_mother_id", ["mother_id"], unique=False)
        batch_op.create_index("ix_animals_status", ["status"], unique=False)
        batch_op.create_index(
            "ix_animals_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "animal_diseases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("disease_id", sa.Integer(), nullable=False),
        sa.Column("instructor_id", sa.Integer(), nullable=False),
        sa.Column("diagnosis_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_animal_diseases_animal_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["disease_id"], ["diseases.id"], name="fk_animal_diseases_disease_id"),
        sa.ForeignKeyConstraint(["instructor_id"], ["users.id"], name="fk_animal_diseases_instructor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_animal_diseases"),
        sa.UniqueConstraint(
            "animal_id",
            "disease_id",
            "diagnosis_date",
            name="uq_animal_diseases_animal_id_disease_id_diagnosis_date",
        ),
    )
    with op.batch_alter_table("animal_diseases") as batch_op:
        batch_op.create_index("ix_animal_diseases_diagnosis_date", ["diagnosis_date"], unique=False)
        batch_op.create_index("ix_animal_diseases_disease_id", ["disease_id"], unique=False)
        batch_op.create_index("ix_animal_diseases_instructor_id", ["instructor_id"], unique=False)
        batch_op.create_index("ix_animal_diseases_status", ["status"], unique=False)
        batch_op.create_index(
            "ix_animal_diseases_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "animal_fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("assignment_date", sa.Date(), nullable=False),
        sa.Column("removal_date", sa.Date(), nullable=True),
        sa.Column("open_animal_id", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_animal_fields_animal_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name="fk_animal_fields_field_id"),
        sa.PrimaryKeyConstraint("id", name="pk_animal_fields"),
        sa.UniqueConstraint(
            "animal_id",
            "field_id",
            "assignment_date",
            name="uq_animal_fields_animal_id_field_id_assignment_date",
        ),
        sa.UniqueConstraint("open_animal_id", name="uq_animal_fields_open_animal_id"),
    )
    with op.batch_alter_table("animal_fields") as batch_op:
        batch_op.create_index("ix_animal_fields_assignment_date", ["assignment_date"], unique=False)
        batch_op.create_index(
            "ix_animal_fields_field_id_assignment_date", ["field_id", "assignment_date"], unique=False
        )
        batch_op.create_index(
            "ix_animal_fields_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "animal_images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("filepath", sa.String(length=500), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.Column("mime_type", sa.String(length=100), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("primary_animal_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_animal_images_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_animal_images"),
        sa.UniqueConstraint("primary_animal_id", name="uq_animal_images_primary_animal_id"),
    )
    with op.batch_alter_table("animal_images") as batch_op:
        batch_op.create_index("ix_animal_images_animal_id", ["animal_id"], unique=False)
        batch_op.create_index(
            "ix_animal_images_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "animal_status_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_animal_status_changes_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_animal_status_changes"),
    )
    with op.batch_alter_table("animal_status_changes") as batch_op:
        batch_op.create_index("ix_animal_status_changes_animal_id_date", ["animal_id", "date"], unique=False)

    op.create_table(
        "animal_tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("active_code", sa.String(length=80), nullable=True),
        sa.Column("issuer", sa.Integer(), nullable=True),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removal_reason", sa.String(length=255), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_animal_tags_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_animal_tags"),
        sa.UniqueConstraint("kind", "active_code", name="uq_animal_tags_kind_active_code"),
    )
    with op.batch_alter_table("animal_tags") as batch_op:
        batch_op.create_index("ix_animal_tags_animal_id", ["animal_id"], unique=False)
        batch_op.create_index("ix_animal_tags_code", ["code"], unique=False)
        batch_op.create_index(
            "ix_animal_tags_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "controls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("checkup_date", sa.Date(), nullable=False),
        sa.Column("health_status", sa.String(length=10), nullable=False),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_controls_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_controls"),
    )
    with op.batch_alter_table("controls") as batch_op:
        batch_op.create_index(
            "ix_controls_animal_id_checkup_date", ["animal_id", "checkup_date"], unique=False
        )
        batch_op.create_index("ix_controls_checkup_date", ["checkup_date"], unique=False)
        batch_op.create_index("ix_controls_health_status", ["health_status"], unique=False)
        batch_op.create_index(
            "ix_controls_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "genetic_improvements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("genetic_event_technique", sa.String(length=255), nullable=False),
        sa.Column("details", sa.String(length=255), nullable=False),
        sa.Column("results", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_genetic_improvements_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_genetic_improvements"),
    )
    with op.batch_alter_table("genetic_improvements") as batch_op:
        batch_op.create_index("ix_genetic_improvements_animal_id", ["animal_id"], unique=False)
        batch_op.create_index("ix_genetic_improvements_date", ["date"], unique=False)
        batch_op.create_index(
            "ix_genetic_improvements_updated_at_created_at_id",
            ["updated_at", "created_at", "id"],
            unique=False,
        )

    op.create_table(
        "treatments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("treatment_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("follow_up_date", sa.Date(), nullable=True),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("frequency", sa.String(length=255), nullable=True),
        sa.Column("dosis", sa.String(length=255), nullable=True),
        sa.Column("observations", sa.String(length=255), nullable=True),
        sa.Column("treatment_type", sa.String(length=100), nullable=True),
        sa.Column("veterinarian", sa.String(length=120), nullable=True),
        sa.Column("symptoms", sa.String(length=500), nullable=True),
        sa.Column("treatment_plan", sa.String(length=500), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("status", sa.String(length=50), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_treatments_animal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treatments"),
    )
    with op.batch_alter_table("treatments") as batch_op:
        batch_op.create_index(
            "ix_treatments_animal_id_treatment_date", ["animal_id", "treatment_date"], unique=False
        )
        batch_op.create_index("ix_treatments_treatment_date", ["treatment_date"], unique=False)
        batch_op.create_index(
            "ix_treatments_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )

    op.create_table(
        "vaccinations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("vaccine_id", sa.Integer(), nullable=False),
        sa.Column("vaccination_date", sa.Date(), nullable=False),
        sa.Column("apprentice_id", sa.Integer(), nullable=True),
        sa.Column("instructor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animals.id"], name="fk_vaccinations_animal_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["apprentice_id"], ["users.id"], name="fk_vaccinations_apprentice_id"),
        sa.ForeignKeyConstraint(["instructor_id"], ["users.id"], name="fk_vaccinations_instructor_id"),
        sa.ForeignKeyConstraint(["vaccine_id"], ["vaccines.id"], name="fk_vaccinations_vaccine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vaccinations"),
    )
    with op.batch_alter_table("vaccinations") as batch_op:
        batch_op.create_index(
            "ix_vaccinations_animal_id_vaccination_date", ["animal_id", "vaccination_date"], unique=False
        )
        batch_op.create_index("ix_vaccinations_apprentice_id", ["apprentice_id"], unique=False)
        batch_op.create_index("ix_vaccinations_instructor_id", ["instructor_id"], unique=False)
        batch_op.create_index(
            "ix_vaccinations_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_vaccinations_vaccination_date", ["vaccination_date"], unique=False)
        batch_op.create_index("ix_vaccinations_vaccine_id", ["vaccine_id"], unique=False)

    op.create_table(
        "treatment_medications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("treatment_id", sa.Integer(), nullable=False),
        sa.Column("medication_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["medication_id"], ["medications.id"], name="fk_treatment_medications_medication_id"
        ),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatments.id"], name="fk_treatment_medications_treatment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treatment_medications"),
        sa.UniqueConstraint(
            "treatment_id", "medication_id", name="uq_treatment_medications_treatment_id_medication_id"
        ),
    )
    with op.batch_alter_table("treatment_medications") as batch_op:
        batch_op.create_index("ix_treatment_medications_medication_id", ["medication_id"], unique=False)
        batch_op.create_index(
            "ix_treatment_medications_updated_at_created_at_id",
            ["updated_at", "created_at", "id"],
            unique=False,
        )

    op.create_table(
        "treatment_vaccines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("treatment_id", sa.Integer(), nullable=False),
        sa.Column("vaccine_id", sa.Integer(), nullable=False),
        sa.Column("dose", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatments.id"], name="fk_treatment_vaccines_treatment_id"
        ),
        sa.ForeignKeyConstraint(["vaccine_id"], ["vaccines.id"], name="fk_treatment_vaccines_vaccine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_treatment_vaccines"),
        sa.UniqueConstraint(
            "treatment_id", "vaccine_id", name="uq_treatment_vaccines_treatment_id_vaccine_id"
        ),
    )
    with op.batch_alter_table("treatment_vaccines") as batch_op:
        batch_op.create_index(
            "ix_treatment_vaccines_updated_at_created_at_id", ["updated_at", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_treatment_vaccines_vaccine_id", ["vaccine_id"], unique=False)
    # The unique constraint on (digester_id, number) serves the same searches.
    with op.batch_alter_table("fillings") as batch_op:
        batch_op.drop_index("ix_fillings_digester_id")


def downgrade() -> None:
    with op.batch_alter_table("fillings") as batch_op:
        batch_op.create_index("ix_fillings_digester_id", ["digester_id"])
    for table in reversed(TABLES):
        op.drop_table(table)
