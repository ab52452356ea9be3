"""How this node is reached, in households' terms, and whether it volunteers as a relay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.network.port import HostKey, Network, Verdict
from node.store.database import Database
from node.store.profiles import read_profiles
from node.store.settings import read_setting, write_setting
from protocol.ids import HouseholdId

_RELAY_SETTING = "relay"
_YES, _NO = b"1", b"0"


@dataclass(frozen=True, slots=True)
class ReachView:
    """verdict: how others can dial this node. through: names of the households that relay to it.

    public: addresses at which a neighbour outside has dialled back. mapped: the address that
    the router has opened. volunteers: whether it relays for others; reserved: to how many
    hosts; carried: how many connections now. has_way_out: False while this machine itself has no
    way to what is far: no Wi-Fi, no cable, or a network without the Internet.
    """

    verdict: Verdict
    through: tuple[str, ...]
    public: tuple[str, ...]
    mapped: str | None
    volunteers: bool
    reserved: int
    carried: int
    has_way_out: bool


class Reachability:
    """Remembers whether this node volunteers, and words what its network knows."""

    def __init__(
        self,
        network: Network,
        database: Database,
        household_of: Callable[[HostKey], HouseholdId | None],
    ) -> None:
        """household_of: whose a connected host is."""
        self._network = network
        self._database = database
        self._household_of = household_of

    async def load(self) -> None:
        """Volunteer if that was chosen before."""
        self._network.volunteer(await read_setting(self._database, _RELAY_SETTING) == _YES)

    async def volunteer(self, wanted: bool) -> None:
        """Carry connections of members that cannot reach each other, or no longer; kept.

        Raises LocalError if the disk is full.
        """
        await write_setting(self._database, _RELAY_SETTING, _YES if wanted else _NO)
        self._network.volunteer(wanted)

    async def view(self) -> ReachView:
        """Return how this node is reached at the moment."""
        reach = self._network.reach()
        profiles = await read_profiles(self._database)
        households = dict.fromkeys(map(self._household_of, reach.relays))
        names = [profiles[each].name if each in profiles else "" for each in households if each]
        return ReachView(
            reach.verdict,
            tuple(names),
            reach.public,
            reach.mapped,
            reach.volunteers,
            reach.reservations,
            reach.circuits,
            reach.has_way_out,
        )
