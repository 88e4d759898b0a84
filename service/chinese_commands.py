"""Slips at the terminal told in Chinese: the group that all commands of ours hang in, and a single command of the same kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Told(click.ClickException):
    """What was wrong, as a person reads it; after a slip of the command's form also where that stands."""

    def __init__(self, message: str, exit_code: int, path: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class and sets it on exceptions itself
        self.path = path

    def show(self, file: IO[Any] | None = None) -> None:
        """On standard error, as click does."""
        click.echo(f"错误：{self.message}", file=file, err=file is None)
        if self.path:
            click.echo(f"用法见：{self.path} --help", file=file, err=file is None)


class ChineseCommand(click.Command):
    """A command that stands in no group of ours."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read what was typed."""
        with told(_path(info_name, parent)):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Do it."""
        with told():
            return super().invoke(ctx)


class ChineseGroup(click.Group):
    """A group whose slips, and those of its commands, are told in Chinese."""

    command_class = ChineseCommand

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read what was typed before the name of the command."""
        with told(_path(info_name, parent)):
            return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name those there are."""
        if args and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"没有“{args[0]}”这个命令，可以用：{'、'.join(self.list_commands(ctx))}。")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with told():
            return super().invoke(ctx)


@contextmanager
def told(path: str = "") -> Iterator[None]:
    """Whatever click has to say against what was typed is said in Chinese. ``path``: the command, where click does not say it."""
    try:
        yield
    except (Told, click.exceptions.NoArgsIsHelpError):
        raise
    except click.UsageError as slip:
        raise Told(_sentence(slip), slip.exit_code, slip.ctx.command_path if slip.ctx is not None else path) from slip
    except click.ClickException as refused:
        raise Told(refused.message, refused.exit_code) from refused


def _path(name: str | None, parent: click.Context | None) -> str:
    return " ".join(part for part in (parent.command_path if parent is not None else "", name) if part)


def _sentence(slip: click.UsageError) -> str:
    if _CHINESE.search(slip.message) and not isinstance(slip, click.BadParameter):
        return slip.message
    if isinstance(slip, click.NoSuchOption):
        near = f"，是不是 {'、'.join(slip.possibilities)}" if slip.possibilities else ""
        return f"没有 {slip.option_name} 这个选项{near}。"
    if isinstance(slip, click.BadOptionUsage):
        return f"{slip.option_name} 后面要写它的值。" if "requires" in slip.message else f"{slip.option_name} 后面不要写值。"
    if isinstance(slip, click.BadParameter):
        return _of_value(slip)
    extra = re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", slip.message)
    return f"多写了：{extra[1]}" if extra else "这个命令不是这样写的。"


def _of_value(slip: click.BadParameter) -> str:
    kind = slip.param.type if slip.param is not None else None
    name = _name(slip.param)
    if isinstance(slip, click.MissingParameter):
        among = f"，可以写 {'、'.join(map(str, kind.choices))}" if isinstance(kind, click.Choice) else ""
        return f"缺少 {name}{among}。"
    if isinstance(kind, click.Choice):
        return f"{name} 只能写 {'、'.join(map(str, kind.choices))}。"
    if isinstance(kind, click.DateTime):
        return f"{name} 要写成 2026-01-31 这样。"
    if _CHINESE.search(slip.message) and not re.match(r"'", slip.message):
        return slip.message
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        between = [f"最小 {kind.min}" if kind.min is not None else "", f"最大 {kind.max}" if kind.max is not None else ""]
        return f"{name} 的值写法不对：要写数字，{'，'.join(one for one in between if one)}。"
    if isinstance(kind, click.Path):
        return f"{name} 的文件或文件夹找不到，或不能用。"
    return f"{name} 的值写法不对。"


def _name(param: click.Parameter | None) -> str:
    """As it is typed: --from, SOURCE."""
    if param is None:
        return "这一项"
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.make_metavar(click.Context(click.Command("")))
