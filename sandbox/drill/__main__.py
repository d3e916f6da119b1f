"""Play seeds by hand: ``python -m sandbox.drill FIRST COUNT``, or one seed alone for its story

``--calm`` plays few faults.
"""

from __future__ import annotations

import sys

from sandbox.drill.acts import draw_hot, draw_setting
from sandbox.drill.play import main

if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word != "--calm"]
    many = numbers[1] if len(numbers) > 1 else 1
    sys.exit(bool(main(numbers[0], many, draw_setting if "--calm" in sys.argv else draw_hot)))
