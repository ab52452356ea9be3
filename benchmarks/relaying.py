"""What a volunteer spends on others' connections, and what the gate adds to a connection."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from statistics import median

import trio
import trio_asyncio

from benchmarks.households import Household, found
from benchmarks.processes import cpu_seconds
from benchmarks.report import Figure, Target
from benchmarks.workspace import Workspace
from node.network.libp2p import HostSettings, open_libp2p
from node.network.port import Channel, Gate, HostKey, Listener, Network, OpenNetwork
from node.node import NodeOptions, open_node
from protocol.signing import Seed

CIRCUITS = 20
_HOSTS = 10
_DIALS = 7
_DELAY_S = 0.05
_CHUNK_BYTES = 64 << 10
_LOOPBACK = ("/ip4/127.0.0.1/tcp/0",)
_SETTLE_S = 5.0


class _Open:
    """A gate that lets everybody in without a word."""

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        return


class _Deaf:
    """Listens to nothing."""

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool:
        return True

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None: ...

    def on_disconnected(self, peer: HostKey) -> None: ...

    def on_moved(self) -> None: ...

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None: ...

    def party_of(self, peer: HostKey) -> bytes:
        return peer


def _settings(number: int) -> HostSettings:
    return HostSettings(bytes([number]) * 32, bytes(32), "/p2pmarket/benchmark", _LOOPBACK)


def run(workspace: Workspace) -> Iterator[Figure]:
    """Two processes: the volunteer's, and one with everybody else."""
    idle_s = workspace.sizes.idle_s
    volunteer, (address,) = _start("volunteer")
    try:
        crowd, _ = _start("crowd", address)
        try:
            time.sleep(min(_SETTLE_S, idle_s))
            began, used = time.monotonic(), cpu_seconds(volunteer.pid)
            time.sleep(idle_s)
            busy = (cpu_seconds(volunteer.pid) - used) / (time.monotonic() - began)
        finally:
            crowd.communicate()
    finally:
        volunteer.communicate()
    yield Figure(
        f"idle processor of a volunteer, {CIRCUITS} circuits",
        100 * busy,
        "% of a core",
        None,
        Target("≤", 5),
        note="network host only",
    )
    with_gate, without = trio_asyncio.run(_dial_times, found(workspace.folder / "gate", 1))
    yield Figure(
        "round trips that the gate adds to a connection",
        (with_gate - without) / (2 * _DELAY_S),
        "round trips",
        None,
        Target("≤", 1.2),
        note=f"{1000 * with_gate:.0f} ms, with an empty gate {1000 * without:.0f}",
    )


def _start(role: str, *arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.relaying", role, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told: list[str] = json.loads(process.stdout.readline() or "[]")
    return process, told


# The two processes, each until its standard input ends.


async def _volunteer() -> None:
    settings = replace(_settings(1), volunteers=True)
    async with open_libp2p(settings)(_Open(), _Deaf()) as network:
        print(json.dumps(list(network.addresses())), flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)


async def _crowd(volunteer: str) -> None:
    async with AsyncExitStack() as stack:
        reserved, dialling = [
            [
                await stack.enter_async_context(open_libp2p(_settings(n))(_Open(), _Deaf()))
                for n in range(first, first + _HOSTS)
            ]
            for first in (10, 10 + _HOSTS)
        ]
        for network in reserved:
            await network.dial(volunteer)
        addresses = [await _circuit_of(network) for network in reserved]
        for number in range(CIRCUITS):
            dialler = dialling[number % _HOSTS]
            await dialler.dial(addresses[(number + number // _HOSTS) % _HOSTS])
        print(json.dumps([]), flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)


async def _circuit_of(network: Network) -> str:
    while True:
        for address in network.addresses():
            if "/p2p-circuit" in address:
                return address
        await trio.sleep(0.01)


# How long a connection takes over a line with a delay.


async def _dial_times(households: list[Household]) -> tuple[float, float]:
    """Seconds to connect with the real gates of two members, and with empty ones."""
    async with AsyncExitStack() as stack:
        members = []
        for household in households:
            seen: list[Network] = []
            options = NodeOptions(network=_noted(seen))
            await stack.enter_async_context(
                open_node(household.folder, household.identity, options)
            )
            members += seen
        strangers = [
            await stack.enter_async_context(open_libp2p(_settings(n))(_Open(), _Deaf()))
            for n in (1, 2)
        ]
        return await _dial_time(*members), await _dial_time(*strangers)


def _noted(seen: list[Network]) -> Callable[[Seed, bytes], OpenNetwork]:
    def network(host_seed: Seed, network_key: bytes) -> OpenNetwork:
        opened = open_libp2p(HostSettings(host_seed, network_key, "/p2pmarket/gate", _LOOPBACK))

        @asynccontextmanager
        async def noting(gate: Gate, listener: Listener) -> AsyncIterator[Network]:
            async with opened(gate, listener) as host:
                seen.append(host)
                yield host

        return noting

    return network


async def _dial_time(one: Network, other: Network) -> float:
    port = int(other.addresses()[0].split("/")[4])
    taken = []
    async with _delayed(port) as through:
        for _ in range(_DIALS):
            began = time.perf_counter()
            await one.dial(f"/ip4/127.0.0.1/tcp/{through}")
            taken.append(time.perf_counter() - began)
            await one.disconnect(other.host_key)
    return median(taken)


@asynccontextmanager
async def _delayed(port: int) -> AsyncIterator[int]:
    """A TCP proxy whose line takes its time in each direction; yields its port."""

    async def serve(near: trio.SocketStream) -> None:
        await trio.sleep(_DELAY_S)  # the connection's own way there
        far = await trio.open_tcp_stream("127.0.0.1", port)
        async with near, far, trio.open_nursery() as nursery:
            nursery.start_soon(_pass, near, far, nursery)
            nursery.start_soon(_pass, far, near, nursery)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def _pass(source: trio.SocketStream, target: trio.SocketStream, both: trio.Nursery) -> None:
    on_the_way, arriving = trio.open_memory_channel[tuple[float, bytes]](1024)

    async def take() -> None:
        async with on_the_way:
            while chunk := await source.receive_some(_CHUNK_BYTES):
                await on_the_way.send((trio.current_time() + _DELAY_S, chunk))

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            async for due, chunk in arriving:
                await trio.sleep_until(due)
                await target.send_all(chunk)
    except* (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    both.cancel_scope.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "volunteer":
        trio.run(_volunteer)
    else:
        trio.run(_crowd, sys.argv[2])
