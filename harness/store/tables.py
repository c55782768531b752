"""The tables as they are now; `migrations` brings older ones to this form."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()
QUANTILES = ("p50", "p90", "p95", "p99", "max")

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    # SHA-256 of what was found: a report that is recorded twice is one run.
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("started", String(32), nullable=False),
    Column("profile", String(200), nullable=False, index=True),
    Column("profile_hash", String(64), nullable=False),
    Column("card", String(400), nullable=False, index=True),
    Column("atr", String(80), nullable=False),
    Column("reader", String(200), nullable=False),
    Column("eidrig", String(40), nullable=False),
    Column("commit", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("hold_engine", String(20), nullable=False, server_default=""),
    *(Column(f"hold_{name}", Float, nullable=True) for name in QUANTILES),
)
RESULTS = Table(
    "results",
    METADATA,
    Column("run", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("case", String(200), primary_key=True),
    Column("unit", String(80), nullable=False),
    Column("verdict", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("seconds", Float, nullable=False),
)
LATENCIES = Table(
    "latencies",
    METADATA,
    Column("run", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("phase", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    *(Column(name, Float, nullable=False) for name in QUANTILES),
)
