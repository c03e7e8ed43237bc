"""A self-contained page: its style, its banner, its tables; no scripts, no network."""

from collections.abc import Iterable, Sequence
from html import escape

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
BANNER = "Research use only, AI preliminary, not for diagnosis"
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#15202b;background:#fff;max-width:1100px;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;border-bottom:2px solid #15202b;margin-top:2rem}h3{font-size:1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;margin:.5rem 0 1.25rem}
th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid #ccd3da;white-space:nowrap}
th:first-child,td:first-child{text-align:left}caption{text-align:left;font-weight:600}
.banner{background:#4a2b00;color:#ffe9c9;padding:.4rem .8rem;font-weight:600}
.warning{border-left:6px solid #b00020;padding:.4rem .8rem;background:#fdecee}
.plots{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0}figcaption{font-size:.85rem}
.dim{color:#52606d}.scroll{overflow-x:auto}
@media print{h2{break-before:page}.banner{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def page_of(title: str, body: str) -> str:
    """A whole page around `body`, which is HTML already."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f'<style>{STYLE}</style></head><body><div class="banner" role="note">{BANNER}</div>\n<main>\n{body}\n</main>'
        f"</body></html>\n"
    )


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; whatever its cells say is escaped."""
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + f'<th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table>{named}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
