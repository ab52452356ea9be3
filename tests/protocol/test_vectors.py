"""The vectors and the specification agree, and no rule is without proof."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RULE = r"[A-Z]{3}-[0-9]+"


def rules_of_the_specification() -> list[str]:
    return [
        rule
        for chapter in sorted((ROOT / "docs" / "spec").glob("*.md"))
        for rule in re.findall(rf"^- \*\*({RULE})\*\*", chapter.read_text("utf-8"), re.MULTILINE)
    ]


def rules_of_the_vectors() -> dict[str, list[str]]:
    return {
        str(path.relative_to(ROOT)): json.loads(path.read_text("utf-8"))["rules"]
        for path in sorted((ROOT / "tests" / "vectors").rglob("*.json"))
    }


def rules_of_the_tests() -> dict[str, list[str]]:
    marks = re.compile(r"pytest\.mark\.covers\(([^)]*)\)")
    return {
        str(path.relative_to(ROOT)): [
            rule
            for arguments in marks.findall(path.read_text("utf-8"))
            for rule in re.findall(rf'"({RULE})"', arguments)
        ]
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
    }


def test_every_vector_is_what_its_generator_makes() -> None:
    compared = subprocess.run(
        [sys.executable, ROOT / "scripts" / "vectors.py"], capture_output=True, text=True
    )
    assert compared.returncode == 0, compared.stdout + compared.stderr


def test_every_rule_has_one_id_of_its_own() -> None:
    rules = rules_of_the_specification()
    assert sorted(rules) == sorted(set(rules))


def test_every_vector_and_every_mark_names_rules_that_exist() -> None:
    known = set(rules_of_the_specification())
    named = rules_of_the_vectors()
    assert [path for path, rules in named.items() if not rules] == []
    named |= rules_of_the_tests()
    unknown = {path: sorted(set(rules) - known) for path, rules in named.items()}
    assert {path: rules for path, rules in unknown.items() if rules} == {}


def test_every_rule_is_shown_by_a_vector_or_a_test() -> None:
    shown = [rule for rules in rules_of_the_vectors().values() for rule in rules]
    shown += [rule for rules in rules_of_the_tests().values() for rule in rules]
    uncovered = [rule for rule in rules_of_the_specification() if rule not in set(shown)]
    assert uncovered == []
