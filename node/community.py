"""The community as its members act on it: profiles, invites, leaving, blocking."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from node.author import Author
from node.clock import Clock
from node.inbox import Inbox
from node.invite_addresses import invite_addresses
from node.network.port import Network
from node.store.profiles import read_former_names, read_profiles
from node.store.records import RecordStore
from node.store.settings import PROFILE_SETTING, write_setting
from node.store.unseen import Unseen
from node.store.views import ViewRules
from protocol import limits
from protocol.charter import Charter
from protocol.envelope import Envelope, Register
from protocol.errors import LocalError, RemoteError
from protocol.ids import CommunityId, HouseholdId, ThingKey, short
from protocol.invite import InviteText
from protocol.kinds import Kind
from protocol.membership.bodies import Confirmation, Invite, read_invite
from protocol.membership.evaluation import Member, Status
from protocol.place import Place
from protocol.profile import Profile, read_profile
from protocol.signing import KeyPair, Seed
from protocol.text import clean


@dataclass(frozen=True, slots=True)
class MemberView:
    """A household as its neighbours see it. status: founder, confirmed, provisional, left."""

    household: HouseholdId
    name: str
    about: str
    place: Place | None
    status: str
    inviter: HouseholdId
    inviter_name: str
    joined_at_ms: int
    blocked: bool
    connected: bool


class Community:
    """One community, seen from one household in it."""

    def __init__(
        self,
        author: Author,
        inbox: Inbox,
        store: RecordStore,
        clock: Clock,
        network: Network,
        network_key: bytes,
        told_removed: Callable[[], bool],
        told_revoked: Callable[[], bool],
        require_consent: Callable[[], None],
    ) -> None:
        """told_removed, told_revoked: whether a neighbour's gate has said so of the household, or
        of this device; the record itself never comes. require_consent: raises LocalError where
        the household may publish nothing.
        """
        self._author = author
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._network = network
        self._network_key = network_key
        self._told_removed = told_removed
        self._told_revoked = told_revoked
        self._require_consent = require_consent
        self.blocked: frozenset[HouseholdId] = frozenset()
        """Households whose listings do not show and whose mail is refused; see node/moderation."""
        self.unseen = Unseen()
        """What does not show here, whatever the charter lets show; see node/moderation."""
        self.declined: frozenset[HouseholdId] = frozenset()
        """Households that wait, and that a person here will not stand for."""
        self.newcomers: Mapping[int, int] = {}
        """How many listings show of households, by number, that were newcomers (GOV-16)."""

    @property
    def id(self) -> CommunityId:
        """The community's id: that of its founding charter."""
        return self._inbox.members.community

    @property
    def charter(self) -> Charter:
        """The rules in force."""
        return self._inbox.members.charter

    @property
    def self_id(self) -> HouseholdId:
        """This household."""
        return self._author.household

    @property
    def my_status(self) -> str:
        """``founder``, ``confirmed``, ``provisional``, ``left``, ``removed``, ``revoked`` (only
        this device) or ``waiting``.
        """
        if self.self_id in self._inbox.members.removed:
            return "removed"
        if self._told_removed() and not self._network.connections():
            return "removed"  # nobody contradicts
        member = self._inbox.members.member(self.self_id)
        if member is not None and member.stands and self._is_revoked(member):
            return "revoked"
        return "waiting" if member is None else member.status.value

    def _is_revoked(self, member: Member) -> bool:
        if self._told_revoked() and not self._network.connections():
            return True
        device = self._author.device
        return device not in member.devices and self._inbox.members.was_device(
            member.household, device
        )

    @property
    def may_publish(self) -> bool:
        """Whether the household has agreed to the charter in force (GOV-10)."""
        try:
            self._require_consent()
        except LocalError:
            return False
        return True

    def view_rules(self) -> ViewRules:
        """Return what may show at this node."""
        charter = self.charter
        first = charter.reception.first_listings or None
        return ViewRules(charter.listing_slots, self.unseen, first, self.newcomers)

    def blocks(self, household: HouseholdId) -> bool:
        """Tell whether this node blocks a household."""
        return household in self.blocked

    async def members(self) -> list[MemberView]:
        """Return the households that belong, the founder first, then by joining."""
        profiles = await read_profiles(self._store.database)
        hosts = {connection.peer for connection in self._network.connections()}
        views = []
        for member in self._inbox.members.households.values():
            profile = profiles.get(member.household)
            inviter = profiles.get(member.inviter)
            views.append(
                MemberView(
                    member.household,
                    profile.name if profile else "",
                    profile.about if profile else "",
                    profile.place if profile else None,
                    member.status.value,
                    member.inviter,
                    inviter.name if inviter else "",
                    member.joined_at_ms,
                    member.household in self.blocked,
                    member.household == self.self_id
                    or any(host in hosts for host in member.devices.values()),
                )
            )
        return sorted(views, key=lambda view: (view.status != "founder", view.joined_at_ms))

    def removed(self) -> dict[HouseholdId, str]:
        """Return the removed households, each with the reason that all can read."""
        return {
            household: clean(removal.reason)
            for household, removal in self._inbox.members.removed.items()
        }

    async def former_names(self) -> dict[HouseholdId, str]:
        """Return what removed households were called, as far as this node knew them."""
        names = await read_former_names(self._store.database)
        removed = self._inbox.members.removed
        return {household: name for household, name in names.items() if household in removed}

    # -- the own profile

    async def profile(self) -> Profile | None:
        """Return the own profile."""
        record = (await self._author.standing(Kind.PROFILE)).get(0)
        try:
            return None if record is None else read_profile(record.body)
        except RemoteError:
            return None

    async def set_profile(self, profile: Profile) -> None:
        """Tell the neighbours what to call this household, and where it is.

        LocalError ``consent-needed``.
        """
        self._require_consent()
        await self._author.replace(Kind.PROFILE, 0, profile.pack())
        # Told again after an absence so long that the record has expired.
        await write_setting(self._store.database, PROFILE_SETTING, profile.pack())

    # -- inviting

    async def invite(self, uses: int, valid_ms: int) -> InviteText:
        """Make an invite. LocalError ``may-not-invite``, ``removed``, ``left`` or
        ``invite-budget-spent``.
        """
        self._refuse_if_gone()
        own = self._inbox.members.member(self.self_id)
        if own is None or not own.may_invite:
            raise LocalError("may-not-invite", status=self.my_status)
        if not 1 <= uses <= limits.MAX_INVITE_USES:
            raise LocalError("invite-uses", most=limits.MAX_INVITE_USES)
        if await self.free_confirmations() < uses:
            raise LocalError("invite-budget-spent", left=await self.free_confirmations())
        secret = Seed(os.urandom(32))
        now_ms = self._clock.now_ms()
        body = Invite(KeyPair(secret).public, uses, now_ms + valid_ms).pack()
        (record,) = await self._author.publish(
            Kind.INVITE, [body], range(limits.INVITE_SLOTS), lambda held: _is_old(held, now_ms)
        )
        if isinstance(record, LocalError):
            raise record
        addresses = invite_addresses(self._network.addresses())
        return InviteText(self.id, self._network_key, secret, addresses, record)

    async def confirm_waiting(self) -> int:
        """Confirm households that joined with an own invite that has uses left.

        Only double ones are tidied where the charter wants a person to decide (GOV-14).
        """
        confirmed = 0
        await self._withdraw_double()
        if self.charter.reception.approval:
            return 0
        for member in self._inbox.members.households.values():
            if member.status is Status.PROVISIONAL and self._is_due(member):
                confirmed += not isinstance(await self._confirm(member), LocalError)
        return confirmed

    def _is_due(self, member: Member) -> bool:
        """Whether a household that waits is to be confirmed without anybody's being asked."""
        if member.inviter != self.self_id or member.household in self.declined:
            return False
        invite = self._invite(member.invite)
        if member.invite is None or invite is None:
            return False
        if self._clock.now_ms() > invite.valid_until_ms:
            return False  # backdated, or too late: a person may still decide
        if self._inbox.members.uses_of(self.self_id, member.invite) >= invite.uses:
            return False
        return not self._another_confirms(member.invite)

    async def confirm(self, member: Member) -> None:
        """Stand for a household, as a person decided. LocalError as :meth:`invite`, or
        ``not-waiting``.
        """
        self._refuse_if_gone()
        if member.invite is None:
            raise LocalError("not-waiting", id=short(member.household))
        if await self.free_confirmations() < 1:
            raise LocalError("invite-budget-spent", left=0)
        result = await self._confirm(member)
        if isinstance(result, LocalError):
            raise result

    async def _confirm(self, member: Member) -> Envelope | LocalError:
        assert member.invite is not None
        body = Confirmation(member.household, member.invite).pack()
        slots = range(self._inbox.members.covers(self.self_id))
        (result,) = await self._author.publish(Kind.CONFIRMATION, [body], slots)
        return result

    def _another_confirms(self, key: ThingKey) -> bool:
        """Whether the invite is another device's of this household, which is connected."""
        own = self._inbox.members.member(self.self_id)
        hosts = {connection.peer for connection in self._network.connections()}
        return own is not None and any(
            fact.record.key == key and own.devices.get(fact.record.device) in hosts
            for fact in self._inbox.members.facts_of(self.self_id, Kind.INVITE)
        )

    async def _withdraw_double(self) -> None:
        """Keep one confirmation of each household, where two devices gave one while apart."""
        seen: set[HouseholdId] = set()
        facts = self._inbox.members.facts_of(self.self_id, Kind.CONFIRMATION)
        for fact in sorted(facts, key=lambda fact: fact.record.slot):
            if fact.record.withdrawn or not isinstance(fact.body, Confirmation):
                continue
            if fact.body.household in seen and fact.record.device == self._author.device:
                slot = fact.record.slot
                await self._author.replace(Kind.CONFIRMATION, slot, b"", True, fact.record.key)
            seen.add(fact.body.household)

    def _invite(self, key: ThingKey | None) -> Invite | None:
        for fact in self._inbox.members.facts_of(self.self_id, Kind.INVITE):
            if fact.record.key == key and isinstance(fact.body, Invite):
                return None if fact.record.withdrawn else fact.body
        return None

    async def free_confirmations(self) -> int:
        """Return how many more households this one can bring (MEM-34)."""
        used = [
            r for r in (await self._author.standing(Kind.CONFIRMATION)).values() if not r.withdrawn
        ]
        return self._inbox.members.covers(self.self_id) - len(used)

    # -- parting

    async def leave(self) -> None:
        """Say goodbye: the own listings vanish at all neighbours.

        LocalError ``founder-stays``, ``steward-stays``.
        """
        if self.self_id == self._inbox.members.founder:
            raise LocalError("founder-stays")
        if self.self_id in self._inbox.members.council.stewards:
            raise LocalError("steward-stays")
        self._refuse_if_gone()
        fact = self._inbox.members.fact(Register(self.self_id, Kind.CERTIFICATE, 0))
        if fact is None:
            raise LocalError("not-yet-a-member", reason="waiting")
        await self._author.replace(Kind.CERTIFICATE, 0, fact.record.body, withdrawn=True)

    def _refuse_if_gone(self) -> None:
        if self.my_status == "revoked":
            raise LocalError("device-revoked")
        if self.my_status in ("left", "removed"):
            raise LocalError(self.my_status)


def _is_old(record: Envelope, now_ms: int) -> bool:
    """Whether an invite's slot may be used for another: withdrawn, or over for a day."""
    if record.withdrawn:
        return True
    try:
        return read_invite(record.body).valid_until_ms + limits.DAY_MS < now_ms
    except RemoteError:
        return False
