"""How long a person has to hold the card."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "r0002", "r0001"
_COLUMNS = ("hold_p50", "hold_p90", "hold_p95", "hold_p99", "hold_max")


def upgrade() -> None:
    """Give each run its hold time, which older ones do not have."""
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("hold_engine", sa.String(20), nullable=False, server_default=""))
        for name in _COLUMNS:
            table.add_column(sa.Column(name, sa.Float, nullable=True))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("runs") as table:
        for name in (*_COLUMNS, "hold_engine"):
            table.drop_column(name)
