"""``python -m matching.warm``: compile the kernels into ``NUMBA_CACHE_DIR``, so that no first request pays for it."""

from __future__ import annotations

import logging

from matching.opening import warm

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    warm(logging.getLogger("matching.warm").info)
