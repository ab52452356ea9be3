"""Write or check the test vectors in tests/vectors (docs/spec, "Vectors").

python scripts/vectors.py           compare; exit 1 with the files that differ
python scripts/vectors.py --write   write them all, and remove those no area makes
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

import vector_areas

VECTORS = Path(__file__).parent.parent / "tests" / "vectors"


def every_area() -> list[str]:
    """The names of the modules in vector_areas."""
    return sorted(module.name for module in pkgutil.iter_modules(vector_areas.__path__))


def generated(areas: list[str]) -> dict[Path, str]:
    """Every vector that the areas make: path and text."""
    texts: dict[Path, str] = {}
    for area in areas:
        for case in importlib.import_module(f"vector_areas.{area}").cases():
            path = VECTORS / area / f"{case.name}.json"
            if path in texts:
                raise SystemExit(f"two cases of {area} are named {case.name}")
            texts[path] = text_of(case)
    return texts


def text_of(case: vector_areas.Case) -> str:
    """One vector as JSON; bytes become lower-case hex."""
    fields = {
        "rules": case.rules,
        "comment": case.comment,
        "operation": case.operation,
        "input": case.input,
        "expect": case.expect,
    }
    return json.dumps(fields, indent=1, ensure_ascii=False, default=_hex) + "\n"


def _hex(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value.hex()
    raise TypeError(f"a vector cannot hold {type(value).__name__}")


def present(areas: list[str]) -> dict[Path, str]:
    """Every vector in the repository, of these areas (of all for none): path and text."""
    return {
        path: path.read_text(encoding="utf-8")
        for path in VECTORS.rglob("*.json")
        if not areas or path.parent.name in areas
    }


def main() -> int:
    """Exit code 0 if all is equal (or written), 1 if something differs."""
    parser = argparse.ArgumentParser(description="Write or check the test vectors.")
    parser.add_argument("--write", action="store_true", help="write them instead of comparing")
    parser.add_argument("areas", nargs="*", metavar="AREA", help="all areas if none is named")
    arguments = parser.parse_args()
    write, areas = arguments.write, arguments.areas or every_area()
    if unknown := sorted(set(areas) - set(every_area())):
        parser.error(f"no such area: {', '.join(unknown)}")
    wanted, found = generated(areas), present(arguments.areas)
    differing = sorted(path for path in wanted | found if wanted.get(path) != found.get(path))
    for path in differing:
        shown = path.relative_to(VECTORS.parent.parent)
        if not write:
            state = "surplus" if path not in wanted else "differs" if path in found else "missing"
            print(f"{state}: {shown}")
        elif path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
            print(f"written: {shown}")
        else:
            path.unlink()
            print(f"removed: {shown}")
    if differing and not write:
        print(f"{len(differing)} of {len(wanted)} vectors: run `make vectors`, and review the diff")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
