"""Play seeds by hand: ``python -m sandbox.drill FIRST COUNT --mix wide``, or one seed alone for its story."""

from __future__ import annotations

import argparse
import sys

from sandbox.drill.acts import DRAWS
from sandbox.drill.play import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Play seeds of a mix and tell every promise that broke.")
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int, nargs="?", default=1)
    parser.add_argument("--mix", choices=DRAWS, default="hot")
    parser.add_argument("--calm", action="store_const", dest="mix", const="calm", help="the same as --mix calm")
    given = parser.parse_args()
    sys.exit(bool(main(given.first, given.count, DRAWS[given.mix])))
