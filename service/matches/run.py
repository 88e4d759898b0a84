"""The batch at work: pieces are handed out to processes, each with the memory-mapped index open; what is done stays done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import cast

from service.matches.batch import TROUBLES, BatchStopped, Done, Matcher, Order, said, troubles_named
from service.matches.plan import missing

JOIN_SECONDS = 60
KEPT = "已做完的都保留，再执行一次就接着做。"


def run(order: Order, processes: int, report: Callable[[Done], None]) -> Done:
    """Match all pieces that are not done; ``report`` hears of each. Raises :class:`BatchStopped`."""
    todo = missing(order.folder, order.plan)
    processes = min(processes, len(todo))
    people = matches = 0
    try:
        for done in _alone(order, todo) if processes <= 1 else _together(order, iter(todo), processes):
            people, matches = people + done[0], matches + done[1]
            report(done)
    except BatchStopped as stopped:
        raise BatchStopped(f"{stopped}{KEPT}") from stopped
    return people, matches


def _alone(order: Order, left: Sequence[int]) -> Iterator[Done]:
    with troubles_named():
        matcher = Matcher(order)
        try:
            for number in left:
                yield matcher.match(number)
        finally:
            matcher.close()


def _together(order: Order, left: Iterator[int], processes: int) -> Iterator[Done]:
    """Each process asks for the next piece when it has done one, so that a slow piece holds up nobody."""
    with _hands(order, processes) as pipes:
        busy: set[Connection] = set()
        for pipe, number in zip(pipes, left, strict=False):
            pipe.send(number)
            busy.add(pipe)
        while busy:
            for ready in wait(list(busy)):
                pipe = cast("Connection", ready)
                try:
                    answer: Done | str = pipe.recv()
                except (EOFError, ConnectionError) as gone:
                    raise BatchStopped("一个匹配进程意外结束了（可能是内存不够）。") from gone
                if isinstance(answer, str):
                    raise BatchStopped(answer)
                yield answer
                following = next(left, None)
                if following is None:
                    busy.discard(pipe)
                else:
                    pipe.send(following)


@contextmanager
def _hands(order: Order, processes: int) -> Iterator[list[Connection]]:
    """Pipes to new processes. Each ends when its pipe does, also when this process is killed: nobody else holds the other end."""
    context = get_context("spawn")
    pipes: list[Connection] = []
    started: list[SpawnProcess] = []
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(order, theirs), daemon=True)
            process.start()
            theirs.close()
            pipes.append(ours)
            started.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in started:
            process.join(JOIN_SECONDS)


def _serve(order: Order, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that hands out
    try:
        matcher = Matcher(order)
        while True:
            pipe.send(matcher.match(pipe.recv()))
    except (EOFError, ConnectionError):
        return
    except TROUBLES as trouble:
        pipe.send(said(trouble))
