"""Check the docs: links lead somewhere, and every `wetread` command and option they show exists."""

import re
import sys
from pathlib import Path

from typer.testing import CliRunner

from wetread import settings as tables_of
from wetread.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("training/*.md"), *ROOT.glob("src/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```console\n(.*?)```|`([^`\n]+)`", re.DOTALL)
NESTED = (
    "readers install",
    "readers probe",
    "readers models",
    "config check",
    "token create",
    "token list",
    "token revoke",
    "user add",
    "user list",
    "user disable",
    "user roles",
    "user enable",
    "user password",
    "jobs list",
    "jobs retry",
    "jobs cancel",
    "audit verify",
    "audit export",
    "rules test",
    "rules check",
    "gate run",
    "gate list",
    "gate show",
    "gate promote",
    "gate rollback",
    "gate lineup",
    "gate shadow",
    "drift baseline",
    "drift look",
    "drift show",
    "sentinel add",
    "sentinel list",
    "sentinel retire",
)
SERVICE = ("serve", "listen", "ingest", "work", "http", "hl7", "fetch", "batch", "send", "daily", "backup", "restore")
FIGURES = ("cases", "discordance", "evaluate", "gate", "queue", "score-reports")
COMMAND = re.compile(rf"(?:^|[`$ /])wetread ((?:{'|'.join(NESTED)}|[a-z]+)[^`\n|>]*)", re.MULTILINE)
VERBS = {"read", "views", "readers", "cost", "bench", "demo", "deidentify", "doctor", "reidentify", *SERVICE}
VERBS |= {*NESTED, *FIGURES, "calibrate", "drift", "sentinel"}
EVERYWHERE = ("--help", "--config")


def broken_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    return [f"{page.relative_to(ROOT)}: {link} leads nowhere" for link in links if not (page.parent / link).exists()]


def help_text(verb: str) -> str:
    """What the command says of itself."""
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], env={"COLUMNS": "200"}, terminal_width=200)
    if shown.exit_code:
        raise SystemExit(f"wetread {verb} --help fails: {shown.output}")
    return shown.output


def unknown_options(page: Path, helps: dict[str, str]) -> list[str]:
    """Options shown in code that the command does not have."""
    found = []
    code = "\n".join(block or inline for block, inline in CODE.findall(page.read_text(encoding="utf-8")))
    for shown in COMMAND.findall(code):
        verb = next((two for two in NESTED if shown.startswith(two)), shown.split()[0])
        if verb not in VERBS:
            found.append(f"{page.relative_to(ROOT)}: there is no `wetread {verb}`")
            continue
        unknown = [
            option for option in re.findall(r"--[a-z0-9-]+", shown) if option not in (*helps[verb].split(), *EVERYWHERE)
        ]
        found += [f"{page.relative_to(ROOT)}: `wetread {verb}` has no {option}" for option in unknown]
    return found


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    helps = {verb: help_text(verb) for verb in VERBS}
    wrong = [line for page in PAGES for line in (*broken_links(page), *unknown_options(page, helps))]
    settings = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    tables = [table for table in map(tables_of.__dict__.get, tables_of.__all__) if hasattr(table, "model_fields")]
    names = sorted({name for table in tables for name in table.model_fields})
    wrong += [f"settings.md does not list {name}" for name in names if f"`{name}`" not in settings]
    print("\n".join(wrong) or f"{len(PAGES)} pages are sound")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
