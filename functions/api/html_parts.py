"""What all pages share: the frame, the style and what a browser is allowed to do with them.

A page is text with everything escaped that comes from elsewhere, and one style sheet in it, which the policy names by
its digest: nothing else is loaded, nothing runs. Colours follow the system's light or dark.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

__all__ = ["POLICY", "frame", "sign_in_page", "text"]

_STYLE = """
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d2329;--soft:#57606a;--line:#d5dade;--link:#0b57b0;
--good:#17692f;--bad:#a8201a;--wait:#7a4d00}
@media (prefers-color-scheme:dark){:root{--page:#14181c;--card:#1c2127;--ink:#e6e9ec;--soft:#a5aeb7;--line:#38414a;
--link:#84b6f7;--good:#78cf90;--bad:#ff9a92;--wait:#e6b866}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between;padding-top:1rem}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.25rem 0}a{color:var(--link)}small,.soft{color:var(--soft);font-size:.875rem}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:.75rem 0}header form{margin:0}
label{display:grid;gap:.125rem;flex:1 1 9rem;font-size:.875rem;color:var(--soft)}
input,select,button{font:1rem system-ui,sans-serif;color:var(--ink);background:var(--card);border:1px solid var(--soft);
border-radius:.375rem;padding:.375rem .625rem;min-height:2.5rem;min-width:0;max-width:100%}
button{cursor:pointer}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
ol,ul{list-style:none;margin:0;padding:0}ol.cards{display:grid;gap:.75rem}
article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
article header{max-width:none;margin:0;padding:0;align-items:baseline}
.mark{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}
article ul{margin-top:.5rem;border-top:1px solid var(--line)}article li{padding:.375rem 0;overflow-wrap:anywhere}
article li+li{border-top:1px solid var(--line)}code{font-size:.875em;overflow-wrap:anywhere}
time{white-space:nowrap}nav{margin:1rem 0}footer{padding-bottom:2rem}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page."""


def text(value: object) -> str:
    """Anything as text of a page, or as the value of an attribute in double quotes."""
    return escape(str(value))


def frame(title: str, main: str, *, aside: str = "") -> str:
    """A whole page; `main` and `aside` (beside the title) are HTML, `title` is text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)} · Mooring</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{text(title)}</h1>{aside}</header><main>{main}</main></body></html>"
    )


def sign_in_page(wrong: str = "") -> str:
    """The form that asks for the API's token; `wrong` says why it is there again."""
    told = f'<p class="bad" role="alert" id="wrong">{text(wrong)}</p>' if wrong else ""
    described = ' aria-invalid="true" aria-describedby="wrong"' if wrong else ""
    return frame(
        "Sign in",
        f'{told}<form method="post" action="/api/v1/pages/sign-in"><label>The API\'s token'
        f'<input name="token" type="password" autocomplete="current-password" required{described}></label>'
        "<button>Sign in</button></form>"
        "<p><small>It is in Secrets Manager, where the stack's output <code>ApiTokenSecretArn</code> says; of a local "
        "stack, in <code>.local/stack.json</code>. You stay signed in for twelve hours.</small></p>",
    )
