"""Pasted group messages: a text of a chat group to drafts of jobs, and the way back, a short text of a job for a group."""

from matching.pasted.group_text import GroupJob, group_text
from matching.pasted.message import MOST_CHARS, Draft, Reading, parse_message, read_message

__all__ = ["MOST_CHARS", "Draft", "GroupJob", "Reading", "group_text", "parse_message", "read_message"]
