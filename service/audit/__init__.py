"""The audit trail: ``audit.record`` in a writing transaction, ``audit.read_personal`` before a read of somebody's data."""

from service.audit.trail import read_personal, record

__all__ = ["read_personal", "record"]
