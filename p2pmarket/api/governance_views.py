"""Charters, decisions and removals as answers."""

from __future__ import annotations

from collections.abc import Iterable

from node.governance.plan import Plan
from node.node import Node
from p2pmarket.api.governance_schemas import CharterTerms, CharterVersionAnswer, DecisionAnswer
from p2pmarket.api.ledger_schemas import HouseholdName
from p2pmarket.api.ledger_views import Names, credit_terms, household_name
from p2pmarket.api.member_schemas import RemovedAnswer
from p2pmarket.api.schemas import PlaceFields
from p2pmarket.api.window_schemas import WindowTerms
from p2pmarket.charter_differences import differences
from protocol.charter import Charter
from protocol.ids import HouseholdId, text_of
from protocol.membership.council import CharterVersion
from protocol.place import Place
from protocol.text import clean


def households(found: Iterable[HouseholdId], names: Names) -> list[HouseholdName]:
    """Return several households as they are answered."""
    return [household_name(household, names) for household in found]


def charter_terms(charter: Charter) -> CharterTerms:
    """Return what a charter says, as it is answered."""
    return CharterTerms(
        name=charter.name,
        rules=charter.rules,
        languages=list(charter.languages),
        currency=charter.currency,
        categories=list(charter.categories),
        questions=list(charter.questions),
        listing_slots=charter.listing_slots,
        visible_days=charter.visible_days,
        photos=charter.photos,
        invite_budget=charter.invite_budget,
        quorum=charter.quorum,
        places=[_place(place) for place in charter.places],
        credit=credit_terms(charter.credit),
        approval=charter.reception.approval,
        subtree=charter.subtree,
        first_listings=charter.reception.first_listings,
        worry_words=list(charter.reception.worry_words),
        windows=[
            WindowTerms(text_of(window.community), window.name, list(window.categories))
            for window in charter.windows
        ],
    )


def _place(place: Place) -> PlaceFields:
    if place.lat_e4 is None or place.lon_e4 is None:
        return PlaceFields(place.name)
    return PlaceFields(place.name, place.lat_e4 / 10_000, place.lon_e4 / 10_000)


def version_answer(node: Node, version: CharterVersion, names: Names) -> CharterVersionAnswer:
    """Return a version of the charter as it is answered."""
    charters = node.governance.charters
    return CharterVersionAnswer(
        number=version.number,
        digest=text_of(version.digest),
        in_force=version.digest == charters.in_force.digest,
        signed_by=households(version.wanted_by, names),
        mine=node.community.self_id in version.wanted_by,
        missing=0 if version.number == 1 else charters.missing(version),
        terms=charter_terms(version.charter),
        differences=differences(charters.in_force.charter, version.charter),
    )


def decision_answer(
    node: Node, plan: Plan, names: Names, signed: bool, missing: int
) -> DecisionAnswer:
    """Return what a decision brings, as it is answered."""
    view = plan.outlook
    return DecisionAnswer(
        signed=signed,
        along_removals=[
            _removed(removal.household, removal.reason, names) for removal in plan.removals
        ],
        along_charters=[amendment.number for amendment in plan.amendments],
        along_confirmations=households((c.household for c in plan.confirmations), names),
        stewards_before=households(view.stewards_before, names),
        stewards_after=households(view.stewards_after, names),
        needed_before=view.needed_before,
        needed_after=view.needed_after,
        charter_before=view.charter_before.number,
        charter_after=view.charter_after.number,
        removed=[_removed(h, r.reason, names) for h, r in view.removed.items()],
        returning=[_removed(h, r.reason, names) for h, r in view.returning.items()],
        leaving=households(view.leaving, names),
        missing=missing,
    )


def _removed(household: HouseholdId, reason: str, names: Names) -> RemovedAnswer:
    return RemovedAnswer(text_of(household), clean(reason), names.get(household, ""))
