"""first tables.

Revision: 0001, after
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The substrates as they were when this migration was written: low, default, high, source.
MATERIALS = [
    (
        "bovino",
        "Estiércol bovino (lechería)",
        {
            "ts_pct": (8, 12, 20, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.75, 0.8, 0.85, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.13,
                0.2,
                0.24,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.05, 0.08, 0.12, "engineering default, range typical of the literature"),
            "lag_d": (1.0, 2.0, 4.0, "engineering default, range typical of the literature"),
            "ch4_pct": (55, 60, 65, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "bovino_carne",
        "Estiércol bovino (carne)",
        {
            "ts_pct": (10, 15, 25, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.75, 0.8, 0.85, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.1,
                0.17,
                0.19,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.05, 0.08, 0.12, "engineering default, range typical of the literature"),
            "lag_d": (1.0, 2.0, 4.0, "engineering default, range typical of the literature"),
            "ch4_pct": (53, 58, 63, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "porcino",
        "Estiércol porcino",
        {
            "ts_pct": (4, 6, 10, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.7, 0.8, 0.9, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.29,
                0.4,
                0.48,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.1, 0.14, 0.2, "engineering default, range typical of the literature"),
            "lag_d": (0.75, 1.5, 3.0, "engineering default, range typical of the literature"),
            "ch4_pct": (60, 63, 68, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "aves_ponedora",
        "Gallinaza (ponedoras)",
        {
            "ts_pct": (30, 40, 45, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.65, 0.75, 0.8, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.24,
                0.33,
                0.39,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.1, 0.15, 0.25, "engineering default, range typical of the literature"),
            "lag_d": (1.0, 2.0, 4.0, "engineering default, range typical of the literature"),
            "ch4_pct": (55, 60, 65, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "aves_engorde",
        "Pollinaza (engorde)",
        {
            "ts_pct": (30, 40, 45, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.65, 0.75, 0.85, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.24,
                0.33,
                0.36,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.1, 0.15, 0.25, "engineering default, range typical of the literature"),
            "lag_d": (1.0, 2.0, 4.0, "engineering default, range typical of the literature"),
            "ch4_pct": (55, 60, 65, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "ovino",
        "Estiércol ovino",
        {
            "ts_pct": (25, 30, 35, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.75, 0.8, 0.85, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.13,
                0.17,
                0.19,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.04, 0.06, 0.1, "engineering default, range typical of the literature"),
            "lag_d": (1.5, 3.0, 6.0, "engineering default, range typical of the literature"),
            "ch4_pct": (53, 58, 63, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "caprino",
        "Estiércol caprino",
        {
            "ts_pct": (25, 30, 35, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.75, 0.8, 0.85, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.13,
                0.17,
                0.19,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.04, 0.06, 0.1, "engineering default, range typical of the literature"),
            "lag_d": (1.5, 3.0, 6.0, "engineering default, range typical of the literature"),
            "ch4_pct": (53, 58, 63, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "equino",
        "Estiércol equino",
        {
            "ts_pct": (20, 28, 35, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.7, 0.75, 0.8, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (
                0.16,
                0.2,
                0.3,
                "IPCC 2019 tab. 10.16; low bound IPCC 2006 for Latin America, Asia and Africa",
            ),
            "k35_per_d": (0.04, 0.06, 0.1, "engineering default, range typical of the literature"),
            "lag_d": (1.5, 3.0, 6.0, "engineering default, range typical of the literature"),
            "ch4_pct": (50, 55, 60, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "vegetal",
        "Residuos vegetales frescos",
        {
            "ts_pct": (12, 15, 20, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.8, 0.88, 0.92, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (0.2, 0.28, 0.35, "published batch trials, lowest to highest"),
            "k35_per_d": (0.1, 0.2, 0.35, "engineering default, range typical of the literature"),
            "lag_d": (1.0, 2.0, 4.0, "engineering default, range typical of the literature"),
            "ch4_pct": (50, 54, 59, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "paja",
        "Paja y rastrojo",
        {
            "ts_pct": (80, 87, 92, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.85, 0.9, 0.94, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (0.16, 0.22, 0.28, "published batch trials, lowest to highest"),
            "k35_per_d": (0.03, 0.05, 0.08, "engineering default, range typical of the literature"),
            "lag_d": (1.5, 3.0, 6.0, "engineering default, range typical of the literature"),
            "ch4_pct": (50, 52, 57, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "residuo_comida",
        "Residuos de comida",
        {
            "ts_pct": (20, 22, 25, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.85, 0.9, 0.95, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (0.35, 0.45, 0.55, "published batch trials, lowest to highest"),
            "k35_per_d": (0.2, 0.3, 0.5, "engineering default, range typical of the literature"),
            "lag_d": (0.5, 1.0, 2.0, "engineering default, range typical of the literature"),
            "ch4_pct": (55, 60, 65, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
    (
        "ensilado_maiz",
        "Ensilado de maíz",
        {
            "ts_pct": (28, 33, 38, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "vs_ts": (0.93, 0.95, 0.97, "FNR 2010, tab. 4.6, with the spread of FNR 2012"),
            "b0": (0.31, 0.34, 0.37, "published batch trials, lowest to highest"),
            "k35_per_d": (0.15, 0.2, 0.3, "engineering default, range typical of the literature"),
            "lag_d": (0.5, 1.0, 2.0, "engineering default, range typical of the literature"),
            "ch4_pct": (50, 52, 55, "GTZ/Maramba and raming tables of gas quality, +-5 points"),
        },
    ),
]


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("mid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(length=8)
            .with_variant(sa.BINARY(length=8), "mariadb")
            .with_variant(sa.BINARY(length=8), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("client_id", "mid", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code",
            sa.String(length=64)
            .with_variant(mysql.VARCHAR(collation="utf8mb4_bin", length=64), "mariadb")
            .with_variant(mysql.VARCHAR(collation="utf8mb4_bin", length=64), "mysql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("expected_interval_s", sa.Double(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("code", name=op.f("uq_devices_code")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devices_status"), ["status"], unique=False)

    op.create_table(
        "digesters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("volume_m3", sa.Double(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("meter_temperature_c", sa.Double(), nullable=False),
        sa.Column("meter_pressure_hpa", sa.Double(), nullable=False),
        sa.Column("max_rate_m3h", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digesters")),
        sa.UniqueConstraint("name", name=op.f("uq_digesters_name")),
    )
    op.create_table(
        "dirty_buckets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty_buckets")),
    )
    op.create_table(
        "dirty_days",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty_days")),
    )
    with op.batch_alter_table("dirty_days", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dirty_days_digester_id_day"), ["digester_id", "day"], unique=False
        )

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("renewed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "materials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("notes", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_materials")),
        sa.UniqueConstraint("key", name=op.f("uq_materials_key")),
        sa.UniqueConstraint("name", name=op.f("uq_materials_name")),
    )
    op.create_table(
        "reject_counts",
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_reject_counts")),
    )
    op.create_table(
        "rejects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("excerpt", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejects")),
    )
    with op.batch_alter_table("rejects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejects_reason"), ["reason"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identification", sa.BigInteger(), nullable=False),
        sa.Column("fullname", sa.String(length=120), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("status", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("identification", name=op.f("uq_users_identification")),
        sa.UniqueConstraint("phone", name=op.f("uq_users_phone")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_role"), ["role"], unique=False)

    op.create_table(
        "channels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column(
            "key",
            sa.String(length=64)
            .with_variant(mysql.VARCHAR(collation="utf8mb4_bin", length=64), "mariadb")
            .with_variant(mysql.VARCHAR(collation="utf8mb4_bin", length=64), "mysql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("capacity", sa.Double(), nullable=True),
        sa.Column("max_rate_m3h", sa.Double(), nullable=True),
        sa.Column("min_value", sa.Double(), nullable=True),
        sa.Column("max_value", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_channels_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("device_id", "key", name=op.f("uq_channels_device_id_key")),
    )
    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channels_quantity"), ["quantity"], unique=False)

    op.create_table(
        "digester_devices",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_digester_devices_device_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digester_id"],
            ["digesters.id"],
            name=op.f("fk_digester_devices_digester_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_digester_devices")),
    )
    with op.batch_alter_table("digester_devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_digester_devices_digester_id"), ["digester_id"], unique=False)

    op.create_table(
        "fillings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.Column("active_digester_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("people", sa.String(length=255), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("material_type", sa.String(length=40), nullable=False),
        sa.Column("material_amount_kg", sa.Double(), nullable=False),
        sa.Column("material_humidity_pct", sa.Double(), nullable=True),
        sa.Column("added_water_m3", sa.Double(), nullable=False),
        sa.Column("temperature_c", sa.Double(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("notes", sa.String(length=1000), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["digester_id"], ["digesters.id"], name=op.f("fk_fillings_digester_id")),
        sa.ForeignKeyConstraint(["material_id"], ["materials.id"], name=op.f("fk_fillings_material_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fillings")),
        sa.UniqueConstraint("active_digester_id", name=op.f("uq_fillings_active_digester_id")),
        sa.UniqueConstraint("digester_id", "number", name=op.f("uq_fillings_digester_id_number")),
    )
    with op.batch_alter_table("fillings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fillings_date"), ["date"], unique=False)
        batch_op.create_index(batch_op.f("ix_fillings_digester_id"), ["digester_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fillings_material_id"), ["material_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(length=8)
            .with_variant(sa.BINARY(length=8), "mariadb")
            .with_variant(sa.BINARY(length=8), "mysql"),
            nullable=False,
        ),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column(
            "payload",
            sa.LargeBinary(length=16777215)
            .with_variant(mysql.MEDIUMBLOB(), "mariadb")
            .with_variant(mysql.MEDIUMBLOB(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_messages_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "ts_ms", "digest", name=op.f("pk_messages")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "production_days",
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("volume_m3", sa.Double(), nullable=False),
        sa.Column("volume_nm3", sa.Double(), nullable=False),
        sa.Column("covered_ms", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("resets", sa.Integer(), nullable=False),
        sa.Column("spikes", sa.Integer(), nullable=False),
        sa.Column("temperature_c", sa.Double(), nullable=False),
        sa.Column("pressure_hpa", sa.Double(), nullable=False),
        sa.Column("conditions", sa.String(length=10), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("computed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digester_id"], ["digesters.id"], name=op.f("fk_production_days_digester_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digester_id", "day", name=op.f("pk_production_days")),
    )
    op.create_table(
        "meter_days",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.Column("depends_until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_meter_days_channel_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digester_id"], ["digesters.id"], name=op.f("fk_meter_days_digester_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "day", name=op.f("pk_meter_days")),
    )
    with op.batch_alter_table("meter_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meter_days_digester_id"), ["digester_id"], unique=False)

    op.create_table(
        "readings",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_readings_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", "ts_ms", name=op.f("pk_readings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_type", sa.String(length=10), nullable=False),
        sa.Column("digester_id", sa.Integer(), nullable=False),
        sa.Column("filling_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("observations", sa.Text(), nullable=False),
        sa.Column("inferences", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("production_estimated_nm3", sa.Double(), nullable=False),
        sa.Column("production_estimated_m3", sa.Double(), nullable=False),
        sa.Column("production_real_nm3", sa.Double(), nullable=False),
        sa.Column("production_real_m3", sa.Double(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("file_pdf", sa.String(length=120), nullable=False),
        sa.Column("file_excel", sa.String(length=120), nullable=False),
        sa.Column("file_csv", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["digester_id"], ["digesters.id"], name=op.f("fk_reports_digester_id")),
        sa.ForeignKeyConstraint(["filling_id"], ["fillings.id"], name=op.f("fk_reports_filling_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reports_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reports_digester_id"), ["digester_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reports_filling_id"), ["filling_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reports_report_type"), ["report_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_reports_user_id"), ["user_id"], unique=False)

    op.create_table(
        "rollups",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("minimum", sa.Double(), nullable=False),
        sa.Column("maximum", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_rollups_channel_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", "bucket_ms", name=op.f("pk_rollups")),
        sqlite_with_rowid=False,
    )

    _store_materials()


def _store_materials() -> None:
    table = sa.table(
        "materials",
        *(sa.column(n) for n in ("key", "name")),
        sa.column("parameters", sa.JSON()),
        *(sa.column(n, sa.DateTime()) for n in ("created_at", "updated_at")),
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    stamps = {"created_at": now, "updated_at": now}
    fields = ("low", "default", "high", "provenance")
    op.bulk_insert(
        table,
        [
            {
                "key": key,
                "name": name,
                "parameters": {n: dict(zip(fields, f, strict=True)) for n, f in figures.items()},
                **stamps,
            }
            for key, name, figures in MATERIALS
        ],
    )


def downgrade() -> None:
    for table in (
        "rollups",
        "reports",
        "readings",
        "meter_days",
        "production_days",
        "messages",
        "fillings",
        "digester_devices",
        "channels",
        "users",
        "rejects",
        "reject_counts",
        "materials",
        "leases",
        "dirty_days",
        "dirty_buckets",
        "digesters",
        "devices",
        "deliveries",
    ):
        op.drop_table(table)
