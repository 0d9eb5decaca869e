"""The process that runs jq programs: a script of its own, started by `expressions`, not to be imported.

jq's language can loop, fill the memory, read the environment and write to standard error, and nothing can stop it from
within the process that called it. So it runs here, with no environment, no standard error, a limit of memory, and a
timer of processor time whose signal ends the process.

Arguments: the folder of the `jq` package, bytes of memory, seconds of processor time for one program. Standard input:
for each request a line of JSON (the list of programs) and a line with the document. Standard output: a line when ready,
then for each program a line of one letter and a text: `P` and the JSON of its paths, `F` where it failed on this
document, `C` and jq's complaint where it does not compile. Paths only come out, never a value of the document.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any


def _compiled(jq: Any, text: str) -> tuple[Any, str]:
    try:
        # The new lines keep a comment at the end of the text from swallowing the brackets.
        return jq.compile(f"[path(\n{text}\n)]"), ""
    except ValueError as error:
        return None, str(error).partition("\n")[0]


def _answer(program: Any, complaint: str, document: str) -> str:
    if program is None:
        return f"C{complaint}"
    try:
        return f"P{program.input_text(document).text()}"
    except ValueError:
        return "F"  # jq's message would quote values


def main() -> None:
    """Answer requests until standard input ends."""
    folder, memory, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    sys.path.append(folder)
    import jq

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    known: dict[str, tuple[Any, str]] = {}
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"R\n")
    answers.flush()
    while line := requests.readline():
        document = requests.readline().decode()
        for text in json.loads(line):
            signal.setitimer(signal.ITIMER_PROF, seconds)
            if text not in known:
                known[text] = _compiled(jq, text)
            answer = _answer(*known[text], document)
            signal.setitimer(signal.ITIMER_PROF, 0)
            answers.write(answer.replace("\n", " ").encode() + b"\n")
            answers.flush()


if __name__ == "__main__":
    main()
