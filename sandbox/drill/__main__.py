"""Play seeds by hand: ``python -m sandbox.drill FIRST COUNT``, or one seed alone for its story."""

from __future__ import annotations

import sys

from sandbox.drill.play import main

if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
