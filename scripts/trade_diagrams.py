"""Write or check what docs/spec/09-trades.md draws from the table of transitions.

python scripts/trade_diagrams.py           compare; exit 1 if something differs
python scripts/trade_diagrams.py --write   write it
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from protocol.trade.transitions import FINAL, TRANSITIONS, Role, Row, State
from protocol.trade.types import Type

CHAPTER = Path(__file__).parent.parent / "docs" / "spec" / "09-trades.md"
_PART = re.compile(r"(<!-- drawn: ([a-z]+) -->\n).*?(<!-- /drawn -->)", re.DOTALL)

_S = State
PHASES: dict[str, tuple[State, ...]] = {
    "asking": (_S.START, _S.ASKED, _S.OFFERED),
    "draw": (_S.DRAWING, _S.ENTERED, _S.DRAWN, _S.REVEALED),
    "meeting": (_S.PROMISED, _S.APPOINTED),
    "handover": (_S.HANDED_BY_PUBLISHER, _S.HANDED_BY_SEEKER),
    "loan": (_S.LENT, _S.RETURNED_BY_PUBLISHER, _S.RETURNED_BY_SEEKER),
    "dispute": (_S.DISPUTED, _S.WITH_STEWARD),
    "receipt": (_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW, _S.SIGNED),
}
BOTH = (Role.PUBLISHER, Role.SEEKER)
_Edge = tuple[str, str, Type, tuple[Role, ...]]


def parts() -> dict[str, str]:
    """Every part of the chapter that is drawn, by its name."""
    drawn = {"overview": overview()}
    for phase, states in PHASES.items():
        drawn[phase] = f"{diagram(states)}\n{table(states)}"
    return drawn


def overview() -> str:
    """How the phases follow each other."""
    phase_of = {state: phase for phase, states in PHASES.items() for state in states}
    phase_of |= {state: state.value for state in FINAL}
    edges: list[_Edge] = [
        (phase_of[state], phase_of[then], type, roles)
        for state, type, roles, rows in _steps(State)
        for then in dict.fromkeys(row.then for row in rows)
        if phase_of[state] != phase_of[then]
    ]
    lines = ["    [*] --> asking"]
    for source, target in dict.fromkeys((edge[0], edge[1]) for edge in edges):
        types = dict.fromkeys(e[2].name for e in edges if (e[0], e[1]) == (source, target))
        lines.append(f"    {_id(source)} --> {_id(target)} : {', '.join(types)}")
    lines += [f"    {_id(state.value)} --> [*]" for state in State if state in FINAL]
    return _mermaid(lines)


def diagram(states: tuple[State, ...]) -> str:
    """What may follow the states of one phase."""
    edges: list[_Edge] = [
        (state.value, then.value, type, roles)
        for state, type, roles, rows in _steps(states)
        for then in dict.fromkeys(row.then for row in rows)
    ]
    named = dict.fromkeys(name for edge in edges for name in edge[:2])
    lines = [f'    state "{name}" as {_id(name)}' for name in named if "-" in name]
    for source, target in dict.fromkeys((edge[0], edge[1]) for edge in edges):
        speakers: dict[str, set[Role]] = {}
        for *_, type, roles in (e for e in edges if e[:2] == (source, target)):
            speakers.setdefault(type.name, set()).update(roles)
        by_roles: dict[tuple[Role, ...], list[str]] = {}
        for name, who in speakers.items():
            by_roles.setdefault(tuple(role for role in BOTH if role in who), []).append(name)
        label = ", ".join(f"{', '.join(types)} by {_who(by)}" for by, types in by_roles.items())
        lines.append(f"    {_id(source)} --> {_id(target)} : {label}")
    return _mermaid(lines)


def table(states: tuple[State, ...]) -> str:
    """The rows of one phase; of the rows of one step the first whose conditions hold counts."""
    same: dict[tuple[Type, tuple[Role, ...], tuple[tuple[object, str], ...]], list[State]] = {}
    for state, type, roles, rows in _steps(states):
        outcome = tuple(
            (row.guards, "stays" if row.then is state else f"**{row.then.value}**") for row in rows
        )
        same.setdefault((type, roles, outcome), []).append(state)
    lines = ["", "| in | message | by | if | then |", "|---|---|---|---|---|"]
    for (type, roles, outcome), where in same.items():
        for number, (conditions, then) in enumerate(outcome):
            first = number == 0
            cells = (
                ", ".join(state.value for state in where) if first else "",
                type.name if first else "",
                _who(roles) if first else "",
                _conditions(conditions) if first else f"else: {_conditions(conditions)}",
                then,
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _steps(
    states: Iterable[State],
) -> Iterator[tuple[State, Type, tuple[Role, ...], tuple[Row, ...]]]:
    """The steps from some states, in the order of the table; once if both sides may."""
    wanted = list(states)
    steps = [step for step in TRANSITIONS if step[0] in wanted]
    steps.sort(key=lambda step: (wanted.index(step[0]), step[1]))
    for (state, type), same in groupby(steps, key=lambda step: step[:2]):
        roles = [step[2] for step in same]
        rows = [TRANSITIONS[state, type, role] for role in roles]
        if len(roles) == 2 and rows[0] == rows[1]:
            yield state, type, BOTH, rows[0]
        else:
            for role, own in zip(roles, rows, strict=True):
                yield state, type, (role,), own


def _conditions(conditions: object) -> str:
    assert isinstance(conditions, tuple)
    return " and ".join(guard.name for guard in conditions) or "always"


def _who(roles: tuple[Role, ...]) -> str:
    return "either" if roles == BOTH else roles[0].value


def _id(name: str) -> str:
    return name.replace("-", "_")


def _mermaid(lines: list[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def drawn(text: str) -> str:
    """The chapter with every part as the table has it. Raises KeyError for an unknown part."""
    known = parts()
    found = [name for _, name, _ in _PART.findall(text)]
    if sorted(found) != sorted(known):
        raise SystemExit(f"the chapter has the parts {found}, not {sorted(known)}")
    return _PART.sub(lambda match: f"{match[1]}{known[match[2]]}{match[3]}", text)


def main() -> int:
    """Exit code 0 if all is as drawn (or written), 1 if something differs."""
    parser = argparse.ArgumentParser(description="Draw the table of trades.")
    parser.add_argument("--write", action="store_true", help="write instead of comparing")
    parser.add_argument("--check", action="store_true", help="compare, as without any option")
    write = parser.parse_args().write
    before = CHAPTER.read_text("utf-8")
    after = drawn(before)
    if before == after:
        return 0
    if not write:
        print(f"{CHAPTER.name}: run `python scripts/trade_diagrams.py --write`")
        return 1
    CHAPTER.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
