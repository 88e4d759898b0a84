"""Pasted group messages: a text of a chat group to drafts of jobs, and the way back, a short text of a job for a group."""

from matching.pasted.group_text import GroupJob, group_text
from matching.pasted.message import MOST_CHARS, Draft, parse_message

__all__ = ["MOST_CHARS", "Draft", "GroupJob", "group_text", "parse_message"]
