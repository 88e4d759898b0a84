"""Background work: a task table in our own database, filled in the transaction of the change, worked off under a lease.

"Job" always means a vacancy; what is done in the background is a *task* (decision 0006).
"""

from __future__ import annotations

from service.tasks.queue import enqueue
from service.tasks.registry import Outside, every, handler, outside_handler

__all__ = ["Outside", "enqueue", "every", "handler", "outside_handler"]
