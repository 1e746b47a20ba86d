"""A public version as one page for people: what is shown in words, what is hidden as a black bar, and every commitment.

The page is a pure function of the checked public version, so that anyone can make it again and compare. One self-contained HTML file: no
script, nothing fetched, every value escaped. A bar is one width whatever it hides, says in words that it is one, and prints black.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from portcullis.agreement.public import Public, ordered
from portcullis.crypto import canonical

__all__ = ["public_page"]

_STYLE = (
    "body{font:12pt/1.5 serif;margin:2em auto;padding:0 1em;max-width:46em;color:#000;background:#fff}"
    "h1,h2,h3{font-family:sans-serif;line-height:1.2}section{break-inside:avoid}"
    ".bar{display:block;background:#000;color:#fff;border:2px solid #000;padding:.3em .6em;font:bold 11pt sans-serif;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "code{font:9pt monospace;overflow-wrap:anywhere}p.c{margin:.2em 0 1em;color:#333}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold}"
    "th,td{border:1px solid #555;padding:.3em .6em;text-align:left;vertical-align:top}@media print{body{margin:0;max-width:none}}"
)


def public_page(public: Public) -> str:
    """The whole page."""
    title = str(public.shown.get("term/title", public.id))
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Agreement <strong>{escape(public.id)}</strong>, version {public.version}. {_counted(public)}</p>",
        "<h2>Clauses</h2>",
        *(_clause(public, place) for place in ordered(public.parts) if place.startswith("clause/")),
        "<h2>Terms</h2>",
        *(_term(public, place) for place in ordered(public.parts) if place.startswith("term/")),
        _files(public),
        _signatures(public),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>\n' + "\n".join(body) + "\n</main></body></html>\n"


def _counted(public: Public) -> str:
    hidden = [place for place in public.hidden if place.startswith("clause/")]
    clauses = sum(place.startswith("clause/") for place in public.parts)
    said = "Every clause is shown." if not hidden else f"{len(hidden)} of {clauses} clauses are hidden."
    return f"{said} Under each part stands its commitment, which both parties signed."


def _clause(public: Public, place: str) -> str:
    number = place.removeprefix("clause/")
    if place not in public.shown:
        return f"<section><h3>The clause in place {number}</h3>{_bar('This clause is hidden.')}{_commitment(public, place)}</section>"
    value = public.shown[place]
    said: Mapping[str, object] = value if isinstance(value, Mapping) else {"text": value}
    heading = " ".join(str(said[name]) for name in ("number", "title") if name in said) or f"The clause in place {number}"
    rest = "".join(f"<p>{escape(_words(said[name]))}</p>" for name in sorted(said) if name not in ("number", "title", "source"))
    source = f"<p>Evidence: {escape(_words(said['source']))}.</p>" if "source" in said else ""
    return f"<section><h3>{escape(heading)}</h3>{rest}{source}{_commitment(public, place)}</section>"


def _term(public: Public, place: str) -> str:
    name = place.removeprefix("term/").replace("_", " ")
    if place not in public.shown:
        return f"<section><h3>{escape(name)}</h3>{_bar('This term is hidden.')}{_commitment(public, place)}</section>"
    return f"<section><h3>{escape(name)}</h3>{_shown(public.shown[place])}{_commitment(public, place)}</section>"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "<ul>" + "".join(f"<li>{escape(str(name))}: {_shown(value[name])}</li>" for name in value) + "</ul>" if value else "none"
    if isinstance(value, list):
        return "<ul>" + "".join(f"<li>{_shown(each)}</li>" for each in value) + "</ul>" if value else "none"
    return escape(_words(value))


def _words(value: object) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def _files(public: Public) -> str:
    rows = []
    for place in ordered(public.parts):
        if place.startswith("file/"):
            shown = "in the file beside this page" if place in public.shown else _bar("hidden")
            name = escape(place.removeprefix("file/"))
            rows.append(f'<tr><th scope="row">{name}</th><td>{shown}</td><td><code>{escape(public.parts[place])}</code></td></tr>')
    head = '<tr><th scope="col">File</th><th scope="col">Content</th><th scope="col">Commitment</th></tr>'
    caption = "<caption>Every file that was signed</caption>"
    return f"<h2>Files</h2><table>{caption}<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _signatures(public: Public) -> str:
    keys = "".join(f"<li>{escape(agency)}, root key <code>{escape(root)}</code></li>" for agency, root in public.signed_by.items())
    how = "portcullis agreement verify-public FILE.json --trust TRUST.json --page THIS-PAGE.html"
    return (
        f"<h2>Signatures</h2><p>Both parties signed the hash <code>{public.hash}</code>"
        f" for the log <code>{escape(public.origin)}</code>.</p>"
        f"<ul>{keys}</ul><p>To check this page and the file beside it, type <code>{how}</code>.</p>"
    )


def _bar(words: str) -> str:
    return f'<span class="bar">{words}</span>'


def _commitment(public: Public, place: str) -> str:
    return f'<p class="c">Commitment <code>{escape(public.parts[place])}</code></p>'
