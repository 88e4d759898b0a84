"""What `make run` says when everything stands: addresses, demo logins, and lines to try."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from rich.console import Console
from sqlalchemy import select

from service import clock
from service.accounts.models import Account
from service.accounts.tokens import issue_token
from service.config import Settings
from service.db import Database

LOGINS = (
    ("demo-worker", "工友"),
    ("demo-employer", "用人单位"),
    ("demo-staff", "驿站工作人员"),
    ("demo-head", "驿站站长"),
    ("demo-reviewer", "审核员"),
    ("demo-bureau", "人社部门"),
    ("demo-auditor", "审计员"),
)
TOKEN_DAYS = 7
FIRST_ACCOUNT = "  .venv/bin/flask accounts add bureau 登录名 --name 部门名称 --region 赣州市章贡区"


def demo_tokens(database: Database) -> dict[str, str]:
    """A fresh token for each demo account, good for a week. They are shown once, here; only their hashes are kept."""
    now = clock.now()
    with database.write_session() as session:
        accounts = session.scalars(select(Account).where(Account.demo, Account.login.in_([login for login, _ in LOGINS])))
        return {
            account.login: issue_token(session, account.account_id, now=now, lifetime=timedelta(days=TOKEN_DAYS))
            for account in accounts
        }


def has_accounts(database: Database) -> bool:
    """Whether anybody can sign in at all: after a first start without demo data nobody can."""
    with database.read_session() as session:
        return session.scalar(select(Account.account_id).limit(1)) is not None


def has_demo(settings: Settings) -> bool:
    """Whether the demo accounts are there: a stamp file alone does not know that the database was thrown away."""
    database = Database(settings.database_url)
    try:
        with database.read_session() as session:
            return session.scalar(select(Account.account_id).where(Account.demo).limit(1)) is not None
    finally:
        database.close()


def greet(settings: Settings, address: str, console: Console, *, wechat: str = "", sms: str = "") -> None:
    """Print where to go and what to try. ``wechat``, ``sms``: where the stand-ins for WeChat and the SMS gateway listen, if there
    are any."""
    console.print()
    console.print(f"[bold green]城暖已经启动[/bold green]   {address}/v1/jobs")
    console.print(f"接口文档（浏览器打开）   {address}/docs")
    console.print(f"运行状况                 {address}/status")
    console.print(f"每天的服务水平           {address}/performance")
    tokens: dict[str, str] = {}
    database = Database(settings.database_url)
    try:
        if settings.demo:
            tokens = demo_tokens(database)
        nobody = not has_accounts(database)
    finally:
        database.close()
    if nobody:
        console.print("\n还没有任何账号。请另开一个终端，在本文件夹里用同样的设置（DATA_DIR、DATABASE_URL、KEYS_FILE）执行：")
        console.print(FIRST_ACCOUNT, markup=False)
        console.print("之后怎么登录、怎么开通驿站和单位，见 docs/operations.md。")
    if tokens:
        console.print(f"\n演示登录（{TOKEN_DAYS} 天内有效，只在这里显示一次）：")
        for login, name in LOGINS:
            if login in tokens:
                console.print(f"  {name}\t{login}\t{tokens[login]}")
    console.print("\n可以试试：")
    for line in try_lines(address, tokens.get("demo-employer")):
        console.print(line, markup=False)
    if wechat:
        console.print("\n微信登录（试用，没有连真的微信）：先取一个 code，再用它登录：")
        for line in wechat_lines(address, wechat):
            console.print(line, markup=False)
    if sms:
        console.print(f"\n短信验证码登录（试用，不会真的发短信）：POST {address}/v1/auth/sms/code，验证码在 {sms}/inbox 里看")
    console.print("\n按 Ctrl-C 结束。\n")


def try_lines(address: str, employer_token: str | None) -> list[str]:
    """Three lines for a shell that work as they are: search, match, publish (or one more search without a demo account)."""
    words = quote("电子厂普工 包吃住")
    lines = [
        f"  curl '{address}/v1/jobs?q={words}&lat=25.83&lng=114.93&radius_km=20&age=52&limit=3'",
        (
            f"  curl -X POST {address}/v1/match -H 'Content-Type: application/json' "
            f'-d \'{{"text":"想找个焊工活，离家近，六千以上","age":45,"lat":25.83,"lng":114.93}}\''
        ),
    ]
    if employer_token is None:
        return [*lines, f"  curl '{address}/v1/suggest?q=dhg'"]
    until = clock.show(clock.now() + timedelta(days=30))
    advert = (
        '{"kind":"public","title":"电焊工","headcount":3,"description":"钢结构车间焊接，会二保焊，有焊工证优先。",'
        '"wage":"7000-9000元/月","age":"18-60周岁","age_reason":"","region":"赣州市章贡区","address":"演示工业园1号",'
        f'"tags":["包吃","包住"],"contract_kind":"full_time","valid_until":"{until}"}}'
    )
    return [
        *lines,
        (
            f"  curl -X POST {address}/v1/jobs -H 'Authorization: Bearer {employer_token}' -H 'Content-Type: application/json' "
            f"-H \"Idempotency-Key: $(date +%s)\" -d '{advert}'"
        ),
    ]


def wechat_lines(address: str, wechat: str) -> list[str]:
    """Lines for a shell: what the phone of a made-up person does, and the sign-in that follows."""
    return [
        f'  curl -X POST {wechat}/demo/login -d \'{{"person":"演示工友"}}\'',
        f"  curl -X POST {address}/v1/auth/wechat -H 'Content-Type: application/json' -d '{{\"code\":\"上一行得到的 code\"}}'",
        f"  另有 {wechat}/demo/phone（取手机号的 code）、/demo/subscribe（同意订阅消息）、/demo/messages（收到的消息）",
    ]
