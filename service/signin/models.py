"""What signing in keeps. Every secret that somebody holds is here only as a hash, or sealed where we must read it (TOTP)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal

_ACCOUNT = "account.account_id"


class PasswordLogin(Base):
    """The password of an account, as an argon2id hash with its parameters and salt."""

    __tablename__ = "password_login"
    __personal__ = Personal(title="登录密码（只存校验值）", subject="account_id")

    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondFactor(SealedRow, Base):
    """The TOTP secret of an account. It counts once ``confirmed_at`` is set; ``last_step`` is the newest step whose code was
    used."""

    __tablename__ = "second_factor"
    __personal__ = Personal(title="动态验证码", subject="account_id", hidden=frozenset({"secret"}))

    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    secret = Sealed("secret")


class RecoveryCode(Base):
    """One way in when the phone with the authenticator is lost; good once. 80 random bits, so that a plain hash is enough."""

    __tablename__ = "recovery_code"
    __personal__ = Personal(title="备用登录码（只存校验值）", subject="account_id")

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KnownDevice(Base):
    """A device on which somebody has signed in before: it stays let in while strangers hammer at the account."""

    __tablename__ = "known_device"
    __personal__ = Personal(title="用过的设备", subject="account_id")

    device_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInThrottle(Base):
    """How much one key (a hash of account and source, of an address …) has tried. ``level`` is a leaking bucket at
    ``updated_at``."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    level: Mapped[float] = mapped_column(Float, default=0.0)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SignInSession(Base):
    """One sign-in on one device, from the password to the end. Its tokens are in ``access_token`` and ``refresh_token``."""

    __tablename__ = "sign_in_session"
    __personal__ = Personal(
        title="登录过的设备", subject="account_id", erase="keep", rule="network_logs", since="last_seen_at", while_here=True
    )

    session_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    device_name: Mapped[str] = mapped_column(String(64), default="")
    device_hash: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(48), default="")
    second_factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str] = mapped_column(String(24), default="")


class RefreshToken(Base):
    """One refresh token. The token that follows it is made of it and of ``salt``, which only its holder can put together."""

    __tablename__ = "refresh_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sign_in_session.session_id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    salt: Mapped[str] = mapped_column(String(64), default="")


class SetUpCode(Base):
    """A code by which somebody sets a first or a new password; good once. 130 random bits, so that a plain hash is enough."""

    __tablename__ = "set_up_code"
    __personal__ = Personal(title="设密码用的码（只存校验值）", subject="account_id")

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    drops_second_factor: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_by: Mapped[int | None] = mapped_column(ForeignKey(_ACCOUNT, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SmsCode(Base):
    """The one code that is out for a phone number. Phone and code are keyed hashes: six digits would be guessed from a plain
    one."""

    __tablename__ = "sms_code"

    phone_index: Mapped[str] = mapped_column(String(80), primary_key=True)
    code_mac: Mapped[str] = mapped_column(String(80))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OidcLink(Base):
    """Which account a person of the identity service has here; an administrator says so."""

    __tablename__ = "oidc_link"
    __personal__ = Personal(title="统一身份认证", subject="account_id")

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    linked_by: Mapped[int | None] = mapped_column(ForeignKey(_ACCOUNT, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
