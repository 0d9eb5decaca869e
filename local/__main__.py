"""`python -m local COMMAND`: the stack, the story that is played on it, and the tools that both need."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_USAGE = """usage: python -m local {up,demo,dashboard,openapi,tools} …

  up         start the whole stack and stay
  demo       play the story on a stack of its own
  dashboard  build the dashboard for the function `api`; `dashboard --check` lints and tests it
  openapi    write the document of the API, functions/api/openapi.json, from its declarations
  tools      find or build the programs that the stack needs; `tools --tests` those of the tests, too
"""


def main(arguments: Sequence[str]) -> int:
    """Hand over to a command; an exit code."""
    match list(arguments):
        case ["up", *rest]:
            from local import up

            return up.main(rest)
        case ["demo", *rest]:
            from local import demo

            return demo.main(rest)
        case ["dashboard", *rest] if rest in ([], ["--check"]):
            from local import dashboard

            return dashboard.main(rest)
        case ["openapi"]:
            from local import openapi

            return openapi.main()
        case ["tools", *rest] if rest in ([], ["--tests"]):
            return _tools(tests=bool(rest))
    print(_USAGE, end="", file=sys.stderr)
    return 2


def _tools(*, tests: bool) -> int:
    from local.tools import USUAL, BuildError, ensure, for_tests

    try:
        for name, path in ensure(for_tests() if tests else USUAL, lambda line: print(line, flush=True)).items():
            print(f"{name:24} {path}")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
