"""Runs, the verdict of each case, and the latency of each phase."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "r0001", None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("profile", sa.String(200), nullable=False, index=True),
        sa.Column("profile_hash", sa.String(64), nullable=False),
        sa.Column("card", sa.String(400), nullable=False, index=True),
        sa.Column("atr", sa.String(80), nullable=False),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("eidrig", sa.String(40), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
    )
    op.create_table(
        "results",
        sa.Column(
            "run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("case", sa.String(200), primary_key=True),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_table(
        "latencies",
        sa.Column(
            "run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("phase", sa.String(200), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Float, nullable=False)
            for name in ("p50", "p90", "p95", "p99", "max")
        ),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("latencies", "results", "runs"):
        op.drop_table(table)
