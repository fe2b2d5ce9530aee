"""A scan as JSON: couplings in points per point, gains as fractions, 95 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...accounts import account_to_dict
from ...formats import pick, plain
from ...records import SCHEMA_VERSION

if TYPE_CHECKING:
    from ....dynamics import Factors, Scan, ScanCell

_CELL = (
    "reasoning other coupling low high between_sd p q verdict models families falling r "
    "r_given_size p_given_size by_size by_date pooled_r pooled_r_given_size"
)
_FACTORS = (
    "kind status benchmarks models families degrees_of_freedom dimensions beyond_general "
    "correlation correlation_low correlation_high eigenvalues eigenvalues_low eigenvalues_high "
    "null vectors vectors_low vectors_high"
)


def scan_to_dict(found: Scan) -> dict[str, Any]:
    """JSON-ready; what nothing bounds, and what is not known, is null."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": found.table,
            "along": found.along,
            **pick(found, "reasoning q models families n_boot seed without_errors"),
            "against": found.others,
            "cells": [_cell(cell) for cell in found.cells],
            "general": {
                "mean_of": found.mean_of,
                "cells": [_cell(cell) for cell in found.general],
            },
            "factors": {"within": _factors(found.within), "pooled": _factors(found.pooled)},
            "moved": found.moved,
            "warnings": found.warnings,
            "account": account_to_dict(found.account),
        }
    )


def _cell(cell: ScanCell) -> dict[str, Any]:
    turn = {"status": cell.turn, "p": cell.turn_p, "q": cell.turn_q, "exact": cell.turn_p_exact}
    return pick(cell, _CELL) | {"turn": turn}


def _factors(found: Factors) -> dict[str, Any]:
    by_family = [{"family": name, **vars(one)} for name, one in found.by_family.items()]
    return pick(found, _FACTORS) | {"by_family": by_family}
