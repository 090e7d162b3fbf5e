"""The engine: carries out an export plan on profile data, in columns, and writes the result as snappy Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
