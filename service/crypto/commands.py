"""`flask keys`: which keys there are, new ones, everything sealed anew, old ones away."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from service import clock
from service.chinese_commands import ChineseGroup
from service.crypto import keyring, rotate
from service.crypto.keyring import KeysUnusable
from service.errors import Refusal
from service.sessions import database, read_session, write_session

_USES = {"field": "加密内容", "index": "查找手机号等", "chain": "校验操作记录"}


@click.group("keys", cls=ChineseGroup)
def keys_cli() -> None:
    """密钥：查看、更换、重新加密、停用旧的。"""


@keys_cli.command("status")
@with_appcontext
def status_command() -> None:
    """有哪些密钥，各有多少内容在用，密钥文件和数据库是否对得上。"""
    try:
        ring = keyring.current_file().get()
    except KeysUnusable as trouble:
        raise click.ClickException(str(trouble)) from trouble
    with read_session() as session:
        counts = rotate.usage(session)
    click.echo(f"密钥文件：{keyring.current_file().path}")
    for use, name in _USES.items():
        for key in ring.of_use(use):
            state = "正在使用" if ring.active[use] == key.key_id else "旧的"
            used = "" if use == "chain" else f"，{counts.pop(key.key_id, 0)} 处在用"
            click.echo(f"  {key.key_id} {name} {key.suite.name} {clock.show(key.made_at)[:10]} {state}{used}")
    if ring.key("field").suite.name != keyring.current_file().suite:
        click.echo(
            f"设置 CRYPTO_SUITE={keyring.current_file().suite} 还没有生效，请执行 flask keys rotate 再执行 flask keys reseal。"
        )
    if left := counts.pop("", 0):
        click.echo(f"还有 {left} 处是旧版本写的明文，请执行 flask keys reseal。")
    for key_id, count in counts.items():
        click.echo(f"有 {count} 处要用的密钥 {key_id} 不在密钥文件里，打不开，请找回备份的密钥文件。")
    with write_session() as session:
        wrong = rotate.check_keys(session, clock.now())
    if wrong or counts:
        click.echo(wrong or "密钥不全。")
        sys.exit(1)


@keys_cli.command("rotate")
@click.option("--use", type=click.Choice(list(_USES)), default="field", show_default=True, help="换哪一种密钥。")
@with_appcontext
def rotate_command(use: str) -> None:
    """换一个新密钥，立刻用它写；旧密钥留着，读以前的内容。之后执行 flask keys reseal。"""
    try:
        key = rotate.add_key(use, clock.now())
    except KeysUnusable as trouble:
        raise click.ClickException(str(trouble)) from trouble
    with write_session() as session:
        rotate.check_keys(session, clock.now())
    click.echo(f"新密钥 {key.key_id}（{_USES[use]}，{key.suite.name}）已经启用。")
    click.echo(f"请马上备份 {keyring.current_file().path}，然后执行 flask keys reseal。")


@keys_cli.command("reseal")
@click.option("--batch", default=rotate.BATCH, show_default=True, type=click.IntRange(1, 10_000), help="多少行提交一次。")
@with_appcontext
def reseal_command(batch: int) -> None:
    """用现在的密钥把所有内容重新加密，旧版本写的明文也加密。服务可以照常运行；中断了再执行一次就接着做。"""
    told: dict[str, int] = {}

    def show(column: str, count: int) -> None:
        if count != told.get(column, 0):
            told[column] = count
            click.echo(f"  {column}：{count}")

    try:
        done = rotate.reseal(database(), batch=batch, told=show)
    except (KeysUnusable, Refusal) as trouble:
        raise click.ClickException(getattr(trouble, "message", str(trouble))) from trouble
    locked = sum(one.locked for one in done)
    click.echo(f"重新加密了 {sum(one.changed for one in done)} 处。")
    if left := sum(one.left for one in done):
        click.echo(f"有 {left} 处一直被别的操作占用，请再执行一次。")
    if locked:
        click.echo(f"有 {locked} 处打不开（密钥不在，或内容被改过、挪过），保持原样。")
    if left or locked:
        sys.exit(1)


@keys_cli.command("retire")
@click.argument("key_id")
@with_appcontext
def retire_command(key_id: str) -> None:
    """从密钥文件里去掉一个不再有内容使用的旧密钥。以前的备份要用它，请先留一份密钥文件和那些备份放在一起。"""
    try:
        rotate.retire(database(), key_id, clock.now())
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    except KeysUnusable as trouble:
        raise click.ClickException(str(trouble)) from trouble
    click.echo(f"密钥 {key_id} 已去掉。")
