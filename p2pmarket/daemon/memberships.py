"""The communities of this household: which are open, and how one is founded or joined."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import trio

from node.backup import write_backup
from node.clock import Clock
from node.enrolment import (
    DATABASE_FILE,
    Look,
    found_community,
    join_community,
    look_at_community,
    renew_device,
)
from node.identity import Identity
from node.node import Node, open_node
from node.second_device import join_as_device
from node.store.database import open_database
from node.store.settings import Enrolment, read_enrolment
from p2pmarket.daemon.cross_post_file import CrossPostFile
from p2pmarket.daemon.cross_posts import CrossPosts
from p2pmarket.daemon.network import Reach, port_of
from p2pmarket.daemon.parting import (
    Parting,
    delete_folder,
    forget_parting,
    parting_of,
    write_parting,
)
from p2pmarket.daemon.requests import Requests
from p2pmarket.daemon.running import Running
from p2pmarket.daemon.sealed_file import SealedFile
from p2pmarket.daemon.started import Started
from p2pmarket.daemon.windows import Windows
from p2pmarket.groups import unwrapped
from p2pmarket.home import Home, load_settings
from p2pmarket.listing_fields import place_named
from protocol.charter import Charter
from protocol.device_code import DeviceCode
from protocol.errors import LocalError, P2PMarketError, RemoteError
from protocol.ids import short, text_of
from protocol.invite import InviteText
from protocol.place import Place
from protocol.profile import Profile
from protocol.text import clean

_log = logging.getLogger(__name__)
_PORT_FILE = "port"
_GOODBYE_S = 10.0
"""How long leaving waits for a neighbour to say that it has heard."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A community that could not be opened, or whose node fell."""

    folder: Path
    error: P2PMarketError


class Memberships:
    """Keeps a node open for every community of the home; to be run in a nursery of its own."""

    def __init__(
        self, home: Home, identity: Identity, reach: Reach, clock: Clock, nursery: trio.Nursery
    ) -> None:
        """Raises LocalError ``cross-posts-damaged`` or ``windows-damaged``."""
        self._home = home
        self._identity = identity
        self._reach = reach
        self._clock = clock
        self._nursery = nursery
        self.cross_posts = CrossPosts(CrossPostFile(home.cross_posts, identity.database_key))
        windows = SealedFile(home.windows, identity.database_key, b"p2pm-windows")
        self.windows = Windows(windows, clock)
        self._nodes: dict[bytes, Node] = {}
        self._running: dict[str, Running] = {}
        self.requests = Requests()
        self.closed: list[Closed] = []

    @property
    def nodes(self) -> list[Node]:
        """The open nodes, in the order in which their communities were joined."""
        return list(self._nodes.values())

    @property
    def looks_around(self) -> bool:
        """Whether nodes look for neighbours in the local network."""
        return self._reach.mdns

    def pick(self, reference: str) -> Node:
        """Return the node of a community named by id, beginning of it, name, or ``-``.

        Raises LocalError ``no-community``, ``community-not-named``, ``community-not-found``
        or ``community-ambiguous``.
        """
        if reference == "-":
            return self._only()
        wanted = reference.strip().casefold()
        found = [n for n in self._nodes.values() if n.community.charter.name.casefold() == wanted]
        found = found or [
            node for key, node in self._nodes.items() if wanted and text_of(key).startswith(wanted)
        ]
        if not found:
            raise LocalError("community-not-found", name=reference)
        if len(found) > 1:
            raise LocalError("community-ambiguous", name=reference)
        return found[0]

    @property
    def current(self) -> list[Node]:
        """The nodes of the communities that the household belongs to; of all, if it left them all.

        Raises LocalError ``no-community``, or why the only one cannot be opened.
        """
        nodes = [
            n
            for n in self._nodes.values()
            if n.community.my_status not in ("left", "removed", "revoked")
        ]
        nodes = nodes or list(self._nodes.values())
        if not nodes:
            if self.closed:
                raise self.closed[0].error
            raise LocalError("no-community")
        return nodes

    def _only(self) -> Node:
        nodes = self.current
        if len(nodes) > 1:
            names = ", ".join(node.community.charter.name for node in nodes)
            raise LocalError("community-not-named", names=names)
        return nodes[0]

    async def open_all(self) -> None:
        """Open every community of the home; one that cannot be opened is noted in ``closed``."""
        for folder in self._folders():
            parting = parting_of(folder)
            if parting is not None and parting.told:
                continue
            try:
                await self._open(folder)
            except P2PMarketError as error:
                _log.warning("cannot open %s: %s", folder.name, error)
                self.closed.append(Closed(folder, error))
            else:
                if parting_of(folder) is not None:
                    self._nursery.start_soon(self._part, folder.name)
        self.cross_posts.opened_all()

    async def found(self, charter: Charter) -> Node:
        """Found a community and open its node. Raises LocalError."""
        folder = self._home.communities / f"founding-{os.urandom(4).hex()}"
        profile = self._first_profile(charter)
        try:
            community = await found_community(folder, self._identity, charter, profile, self._clock)
        except RemoteError as error:
            raise LocalError("field-refused", field=error.fields.get("field", "name")) from None
        settled = folder.with_name(short(community))
        folder.rename(settled)
        return await self._open(settled)

    async def look(self, invite: InviteText) -> Look:
        """Return the charter in force of a community, without joining it.

        Raises LocalError or Unreachable.
        """
        self._refuse_if_known(invite)
        options = self._reach.with_port(0).options(self._clock)
        with unwrapped():
            return await look_at_community(
                self._identity,
                invite,
                self._clock,
                lambda host_seed: options.network(host_seed, invite.network_key),
                options.discovery(tuple),
            )

    def _refuse_if_known(self, invite: InviteText) -> None:
        if invite.community in self._nodes:
            community = self._nodes[invite.community].community
            if community.my_status == "waiting":
                return  # the invite it came by let it in no more: another one may
            if community.my_status == "removed":
                raise LocalError("removed")
            if community.my_status == "left":
                raise LocalError("still-leaving", name=community.charter.name)
            raise LocalError("already-joined", name=community.charter.name)

    async def join(
        self, invite: InviteText, answers: Sequence[str], accepted: bytes | None
    ) -> Node:
        """Join with an invite and open the node; answers, accepted: as ``join_community``.

        Raises LocalError or Unreachable.
        """
        folder = self._home.communities / short(invite.community)
        self._refuse_if_known(invite)
        options = self._reach.with_port(0).options(self._clock)
        waits = self._running.get(folder.name)
        if waits is not None:
            await waits.end()
        try:
            with unwrapped():
                await join_community(
                    folder,
                    self._identity,
                    invite,
                    self._first_profile(None),
                    self._clock,
                    lambda host_seed: options.network(host_seed, invite.network_key),
                    options.discovery(tuple),
                    answers,
                    accepted,
                    await self._previous(folder, waits is not None),
                )
        except P2PMarketError:
            if waits is not None:
                await self._open(folder)
            raise
        forget_parting(folder)
        return await self._open(folder)

    async def _previous(self, folder: Path, waits: bool) -> Enrolment | None:
        """Return as whom it was where it left (if that was kept), or where it waits in vain."""
        if parting_of(folder) is None and not waits:
            return None
        file = folder / DATABASE_FILE
        async with open_database(file, self._identity.database_key) as database:
            return await read_enrolment(database)

    async def join_as_device(self, code: DeviceCode) -> Node:
        """Become a device of a household with its code, and open the node.

        Raises LocalError ``home-has-household`` where a household of its own lives here, those
        of ``join_as_device``, or Unreachable.
        """
        if self._identity.root is not None:
            raise LocalError("home-has-household", path=str(self._home.folder))
        community = code.record.community
        if community in self._nodes:
            raise LocalError("already-joined", name=self._nodes[community].community.charter.name)
        folder = self._home.communities / short(community)
        options = self._reach.with_port(0).options(self._clock)
        with unwrapped():
            await join_as_device(
                folder,
                self._identity,
                code,
                self._clock,
                lambda host_seed: options.network(host_seed, code.network_key),
                options.discovery(tuple),
            )
        return await self._open(folder)

    async def renew_device(self, node: Node) -> Node:
        """Close a node, give its device new keys, and open it as another device.

        Raises LocalError ``needs-first-device`` or ``too-many-devices``; it is open then too.
        """
        if not node.devices.holds_key:
            raise LocalError("needs-first-device")
        opened = next(held for held in self._running.values() if held.node is node)
        port = port_of(node.addresses())
        await opened.end()
        try:
            file = opened.folder / DATABASE_FILE
            async with open_database(file, self._identity.database_key) as database:
                await renew_device(database, self._clock)
        finally:
            reach = opened.reach if port is None else opened.reach.with_port(port)
            node = await self._start(opened.folder, reach)
        return node

    @property
    def kept(self) -> list[tuple[Path, Parting]]:
        """The folders of communities that the household has left, and that no node opens."""
        found = ((folder, parting_of(folder)) for folder in self._folders())
        return [(folder, p) for folder, p in found if p is not None and p.told]

    async def leave(self, node: Node, delete: bool) -> bool:
        """Leave a community, and close its node as soon as a neighbour knows.

        delete: whether its folder goes then. Returns whether that has happened already; if
        nobody can be reached now, it does later, whenever the daemon runs. Raises LocalError.
        """
        opened = next(held for held in self._running.values() if held.node is node)
        was_connected = bool((await node.sync.status()).neighbours_connected)
        await node.community.leave()
        name = node.community.charter.name
        write_parting(opened.folder, Parting(name, self._clock.now_ms(), delete))
        self.cross_posts.forget(node.community.id)
        await self.windows.forget(node.community.id)
        self._nursery.start_soon(self._part, opened.folder.name)
        with self.requests.waiting():
            with trio.move_on_after(_GOODBYE_S):
                await opened.gone.wait()
            if was_connected and not opened.gone.is_set():
                # Heard, as far as can be seen: not every neighbour can be dialled to say so.
                node.neighbourhood.told_left.set()
                await opened.gone.wait()
        return opened.gone.is_set()

    async def _part(self, name: str) -> None:
        """Close the node of a community that was left, once somebody there knows."""
        opened = self._running[name]
        await opened.node.neighbourhood.told_left.wait()
        self._nodes.pop(opened.node.community.id, None)
        await self.requests.answered()
        opened.scope.cancel()
        with trio.CancelScope(shield=True):
            await opened.ended.wait()
        parting = parting_of(opened.folder)
        try:
            if parting is not None and parting.delete:
                delete_folder(opened.folder)
            elif parting is not None:
                write_parting(opened.folder, replace(parting, told=True))
        except LocalError as error:  # tried again at the next start
            _log.warning("cannot put away %s: %s", name, error)
        opened.gone.set()

    async def back_up(self, target: Path) -> int:
        """Write everything this household keeps into one sealed file; return its bytes."""
        databases = {name: held.node.database for name, held in self._running.items()}
        settings = self._home.settings_file
        files = {settings.name: settings.read_bytes()}
        for sealed in (self._home.cross_posts, self._home.windows):
            if sealed.exists():
                files[sealed.name] = sealed.read_bytes()
        return await write_backup(databases, files, self._identity, target)

    async def profile(self, node: Node) -> Profile:
        """Return the household's profile in a community, its place with coordinates if known."""
        charter = node.community.charter
        profile = await node.community.profile() or self._first_profile(charter)
        place = profile.place
        if place is None or place.lat_e4 is not None:
            return profile
        typed = self._first_profile(charter).place
        if typed is not None and typed.name == place.name:
            return replace(profile, place=typed)  # with the degrees that were typed, if any
        return replace(profile, place=charter.place(place.name) or place)

    def _first_profile(self, charter: Charter | None) -> Profile:
        settings = load_settings(self._home)
        place: Place | None = None
        if settings.place:
            if charter is not None:
                place = place_named(settings.place, charter)
            else:
                place = Place(clean(settings.place.rpartition("@")[0] or settings.place))
        return Profile(
            name=settings.name, about=settings.about, languages=settings.languages, place=place
        )

    async def _locate(self, node: Node) -> None:
        """Publish where the household is, once the charter that knows the place is there.

        A joiner names its place before it has seen the charter; its first profile, which the
        node publishes as soon as the household belongs, is without coordinates.
        """
        stored = trio.Event()

        def wake(_records: object, _origin: object) -> None:
            stored.set()

        node.inbox.on_stored.append(wake)
        while (held := await node.community.profile()) is None:
            await stored.wait()
            stored = trio.Event()
        located = await self.profile(node)
        if located != held:
            with suppress(LocalError):
                await node.community.set_profile(located)

    async def _open(self, folder: Path) -> Node:
        remembered = _remembered_port(folder)
        reach = self._reach.shifted(len(self._nodes))
        if remembered is None or reach.chosen:
            return await self._start(folder, reach)
        try:
            return await self._start(folder, reach.with_port(remembered))
        except LocalError as error:
            if error.code != "port-in-use":
                raise
            _log.warning("port %d of %s is taken, using another", remembered, folder.name)
            return await self._start(folder, reach)

    async def _start(self, folder: Path, reach: Reach) -> Node:
        with unwrapped():
            node: Node = await self._nursery.start(self._keep_open, folder, reach)
        port = port_of(node.addresses())
        if port is not None:
            (folder / _PORT_FILE).write_text(str(port), "ascii")
        return node

    async def _keep_open(self, folder: Path, reach: Reach, task_status: Started[Node]) -> None:
        opened: Running | None = None
        scope = trio.CancelScope()
        try:
            options = replace(reach.options(self._clock), elsewhere=self.cross_posts)
            with scope:
                async with open_node(folder, self._identity, options) as node:
                    opened = Running(folder, reach, node, scope)
                    self._nodes[node.community.id] = node
                    self._running[folder.name] = opened
                    with self.cross_posts.attending(node):
                        async with self.windows.attending(node):
                            task_status.started(node)
                            await self._locate(node)
                            await trio.sleep_forever()
        except Exception:
            if opened is None:
                raise
            # One community's node fell: the others, and the answers about it, go on.
            _log.exception("the node of %s fell", folder.name)
            fault = LocalError("node-fell", name=folder.name, path=str(self._home.log_file))
            self.closed.append(Closed(folder, fault))
        finally:
            if opened is not None:
                self._nodes.pop(opened.node.community.id, None)
                self._running.pop(folder.name, None)
                opened.ended.set()

    def _folders(self) -> Iterator[Path]:
        folders = (p for p in self._home.communities.glob("*") if p.is_dir())
        yield from sorted(folders, key=lambda folder: (folder.stat().st_ctime, folder.name))


def _remembered_port(folder: Path) -> int | None:
    try:
        port = int((folder / _PORT_FILE).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65_536 else None
