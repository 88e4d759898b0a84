"""Settings, read once from the environment into a frozen dataclass that refuses to start on a wrong value.

Every name here stands in ``.env.example`` with its default and its meaning; a guard test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env, EnvError
from marshmallow import ValidationError, validate

ERASURES = "erasures.jsonl"
"""Below the data directory, unless ``ERASURES_FILE`` names a better place."""
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")


class ConfigError(Exception):
    """A setting is missing or cannot be used; the message is one Chinese sentence that names it."""


_WECHAT = "https://api.weixin.qq.com"
_SAFE_URL = re.compile(r"https://[^/\s?#]+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?")


@dataclass(frozen=True, slots=True)
class WechatSettings:
    """How WeChat is reached and as which mini-program (docs/wechat.md). No ``appid``: there is no WeChat here.

    ``state``: which version of the mini-program messages and codes open. ``templates``: the file of subscribe-message templates.
    ``qr``: ``mini`` or ``web``, the kind of code on a job's poster.
    """

    url: str = _WECHAT
    appid: str = ""
    secret: str = field(default="", repr=False)
    push_token: str = field(default="", repr=False)
    push_aes_key: str = field(default="", repr=False)
    push_plain: bool = False
    state: str = "formal"
    templates: Path | None = None
    phone_budget_day: int = 1000
    job_page: str = "pages/jobs/show"
    qr: str = "web"


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """What signing in needs from outside: a gateway for SMS, and the province's identity service. Empty: there is none here."""

    sms_url: str = ""
    sms_key: str = field(default="", repr=False)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_redirect_uri: str = ""


@dataclass(frozen=True, slots=True)
class OpenDataSettings:
    """Under what the operator gives the open data; empty: he has not decided, and the data say so."""

    licence: str = ""
    licence_url: str = ""
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose. Paths are absolute; ``redis_url`` empty means: keep counters in the process."""

    bind_address: str
    port: int
    data_dir: Path
    database_url: str
    redis_url: str
    web_workers: int
    web_threads: int
    task_threads: int
    log_level: str
    demo: bool
    rate_limit_factor: float
    metrics_token: str = field(repr=False)
    cors_origins: frozenset[str]
    trusted_proxies: int
    index_poll_seconds: float
    fair_exposure: bool
    public_url: str
    wechat: WechatSettings
    sign_in: SignInSettings
    open_data: OpenDataSettings
    keys_file: Path
    erasures_file: Path
    crypto_suite: str

    scanner_url: str

    @property
    def files_dir(self) -> Path:
        """Where sealed pictures of papers lie; never served by themselves."""
        return self.data_dir / "files"

    @property
    def feeds_dir(self) -> Path:
        """What the operator says of sources beside their own files: addresses, keys, folders that sheets are put in."""
        return self.data_dir / "feeds"

    @property
    def index_dir(self) -> Path:
        """Where the follower writes the index and web workers read it."""
        return self.data_dir / "index"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


def _public_url(env: Env) -> str:
    url = env.str("PUBLIC_URL", "").rstrip("/")
    if url and not re.fullmatch(r"https?://[^/\s?#@]+", url):
        raise ConfigError("PUBLIC_URL 是别人打开这个网站的地址，例如 https://jobs.example.cn，后面不带路径，请检查。")
    return url


def _wechat(env: Env) -> WechatSettings:
    appid, templates = env.str("WECHAT_APPID", ""), env.str("WECHAT_TEMPLATES", "")
    wechat = WechatSettings(
        url=env.str("WECHAT_URL", "") or _WECHAT,
        appid=appid,
        secret=env.str("WECHAT_SECRET", ""),
        push_token=env.str("WECHAT_PUSH_TOKEN", ""),
        push_aes_key=env.str("WECHAT_PUSH_AES_KEY", ""),
        push_plain=env.bool("WECHAT_PUSH_PLAIN", default=False),
        state=env.str("WECHAT_STATE", "formal", validate=validate.OneOf(["formal", "trial", "developer"])),
        templates=Path(templates).expanduser().resolve() if templates else None,
        phone_budget_day=env.int("WECHAT_PHONE_BUDGET_DAY", 1000, validate=validate.Range(0, 1_000_000)),
        job_page=env.str("WECHAT_JOB_PAGE", "pages/jobs/show"),
        qr=env.str("WECHAT_QR", "", validate=validate.OneOf(["", "mini", "web"])) or ("mini" if appid else "web"),
    )
    if not _SAFE_URL.fullmatch(wechat.url):
        raise ConfigError("WECHAT_URL 要以 https:// 开头、后面不带路径（本机的试用服务器除外），请检查。")
    if appid and (not re.fullmatch(r"[A-Za-z0-9]{6,32}", appid) or not wechat.secret):
        raise ConfigError("填了 WECHAT_APPID 就要同时填对它和 WECHAT_SECRET，请检查。")
    if wechat.push_aes_key and not re.fullmatch(r"[A-Za-z0-9]{43}", wechat.push_aes_key):
        raise ConfigError("WECHAT_PUSH_AES_KEY 要正好 43 个字母和数字，请从微信公众平台复制。")
    return wechat


def _long_enough(token: str) -> None:
    if 0 < len(token) < 24:
        raise ValidationError("METRICS_TOKEN 太短，请用 24 个以上随机字符，例如 openssl rand -hex 16 的输出")


def _origins(said: list[str]) -> frozenset[str]:
    origins = frozenset(one.strip() for one in said if one.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(f"CORS_ORIGINS 里的 {origin} 写法不对，要写成 https://域名（可带端口，后面不带斜杠，不能用 *）。")
    return origins


def _sign_in(env: Env) -> SignInSettings:
    chosen = SignInSettings(
        sms_url=env.str("SMS_URL", "").rstrip("/"),
        sms_key=env.str("SMS_KEY", ""),
        oidc_issuer=env.str("OIDC_ISSUER", ""),
        oidc_client_id=env.str("OIDC_CLIENT_ID", ""),
        oidc_client_secret=env.str("OIDC_CLIENT_SECRET", ""),
        oidc_redirect_uri=env.str("OIDC_REDIRECT_URI", ""),
    )
    for name, url in (("SMS_URL", chosen.sms_url), ("OIDC_ISSUER", chosen.oidc_issuer)):
        if url and not re.match(rf"(?:{_SAFE_URL.pattern})(?:/[^\s?#]*)?$", url):
            raise ConfigError(f"{name} 要以 https:// 开头（本机的试用服务器除外），请检查。")
    if chosen.oidc_issuer and not (chosen.oidc_client_id and chosen.oidc_redirect_uri):
        raise ConfigError("填了 OIDC_ISSUER 就要同时填 OIDC_CLIENT_ID 和 OIDC_REDIRECT_URI，请检查。")
    return chosen


def _open_data(env: Env) -> OpenDataSettings:
    chosen = OpenDataSettings(
        licence=env.str("OPEN_DATA_LICENCE", "").strip(),
        licence_url=env.str("OPEN_DATA_LICENCE_URL", "").strip(),
        publisher=env.str("OPEN_DATA_PUBLISHER", "").strip(),
    )
    if bool(chosen.licence) != bool(chosen.licence_url):
        raise ConfigError("OPEN_DATA_LICENCE 和 OPEN_DATA_LICENCE_URL 要一起填，或者都留空，请检查。")
    if chosen.licence_url and not re.fullmatch(r"https?://[!-;=?-~]+", chosen.licence_url):
        raise ConfigError("OPEN_DATA_LICENCE_URL 要写许可全文的网址，以 https:// 开头，请检查。")
    if any(len(text) > 200 or not text.isprintable() for text in (chosen.licence, chosen.licence_url, chosen.publisher)):
        raise ConfigError("OPEN_DATA_LICENCE、OPEN_DATA_LICENCE_URL、OPEN_DATA_PUBLISHER 各写一行，最多 200 个字，请检查。")
    return chosen


def load() -> Settings:
    """Read the environment. Raises :class:`ConfigError` with one sentence when a value cannot be used."""
    env = Env()
    try:
        data_dir = Path(env.str("DATA_DIR", "var")).expanduser().resolve()
        database_url = env.str("DATABASE_URL", "") or f"sqlite:///{data_dir / 'chengnuan.db'}"
        if database_url.startswith(("postgres://", "postgresql://")):
            database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
        if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ConfigError("DATABASE_URL 只支持 sqlite:///文件 或 postgresql+psycopg://地址，请检查。")
        redis_url = env.str("REDIS_URL", "")
        if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise ConfigError("REDIS_URL 要以 redis://、rediss:// 或 unix:// 开头，请检查。")
        scanner_url = env.str("SCANNER_URL", "")
        if scanner_url and not scanner_url.startswith(("tcp://", "unix:///")):
            raise ConfigError("SCANNER_URL 要写成 tcp://主机:端口 或 unix:///套接字路径，请检查。")
        return Settings(
            bind_address=env.str("BIND_ADDRESS", "127.0.0.1"),
            port=env.int("PORT", 8000, validate=validate.Range(1, 65535)),
            data_dir=data_dir,
            database_url=database_url,
            redis_url=redis_url,
            web_workers=env.int("WEB_WORKERS", 2, validate=validate.Range(1, 64)),
            web_threads=env.int("WEB_THREADS", 4, validate=validate.Range(1, 64)),
            task_threads=env.int("TASK_THREADS", 2, validate=validate.Range(1, 16)),
            log_level=env.str("LOG_LEVEL", "info", validate=validate.OneOf(["debug", "info", "warning", "error"])),
            demo=env.bool("DEMO", default=True),
            rate_limit_factor=env.float("RATE_LIMIT_FACTOR", 1, validate=validate.Range(0, 1_000_000)),
            metrics_token=env.str("METRICS_TOKEN", "", validate=_long_enough),
            cors_origins=_origins(env.list("CORS_ORIGINS", [])),
            trusted_proxies=env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 8)),
            index_poll_seconds=env.float("INDEX_POLL_SECONDS", 0.2, validate=validate.Range(0.02, 60)),
            fair_exposure=env.bool("FAIR_EXPOSURE", default=True),
            keys_file=Path(env.str("KEYS_FILE", "") or data_dir / "keys.json").expanduser().resolve(),
            erasures_file=Path(env.str("ERASURES_FILE", "") or data_dir / ERASURES).expanduser().resolve(),
            crypto_suite=env.str("CRYPTO_SUITE", "intl", validate=validate.OneOf(["intl", "gm"])),
            scanner_url=scanner_url,
            public_url=_public_url(env),
            wechat=_wechat(env),
            sign_in=_sign_in(env),
            open_data=_open_data(env),
        )
    except EnvError as wrong:
        raise ConfigError(f"设置有误，请检查这一项：{wrong}") from wrong
