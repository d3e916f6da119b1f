"""Plans as files: what a person reads, and what ``apply`` then does, to the letter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from mapping.errors import InputError
from sync.report import RunReport

SCHEMA: Final = 1


def write(path: Path, report: RunReport, fingerprints: Mapping[str, str], organisations: Mapping[str, str]) -> None:
    """Write a plan, readable by its owner only, sealed with its own digest.

    Args:
        fingerprints: connection -> of its settings and maps; organisations: connection -> the one it is pinned to.
    """
    body = {
        "schema": SCHEMA, "run": report.run_id, "made_ms": report.started_ms, "connections": dict(fingerprints),
        "organisations": dict(organisations), "digests": sorted({li.digest for li in report.lines if li.digest}),
        "lines": [asdict(line) for line in report.lines],
    }  # fmt: skip
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    seal = json.dumps({"sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()})
    path.touch(mode=0o600)
    path.chmod(0o600)  # also a file that was there before
    path.write_text(f"{seal}\n{text}\n", encoding="utf-8", errors="surrogatepass")


def read(path: Path) -> dict[str, Any]:
    """Read a plan file and check that nobody changed it.

    Raises:
        InputError: it is not a plan of this program, or was changed.
    """
    head, _, text = path.read_text(encoding="utf-8", errors="surrogatepass").partition("\n")
    try:
        sealed = json.loads(head)["sha256"]
        body = json.loads(text)
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{path} is not a plan of duban", zh=f"{path} 不是 duban 的计划文件") from exc
    if (
        hashlib.sha256(text.rstrip("\n").encode("utf-8", "surrogatepass")).hexdigest() != sealed
        or body.get("schema") != SCHEMA
    ):
        raise InputError(f"{path} was changed since it was planned", zh=f"{path} 在生成后被改动过")
    return dict(body)
