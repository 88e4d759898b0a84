"""Signing in and staying signed in: passwords, second factor, lock-out, sessions, SMS codes, a provincial identity service,
invitations."""
