"""Permissions given to, or taken from, single people.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permission_grants",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("permission", sa.String(length=40), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_permission_grants_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "permission", name="pk_permission_grants"),
    )


def downgrade() -> None:
    op.drop_table("permission_grants")
