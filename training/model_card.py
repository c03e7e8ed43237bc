"""The model card's text, from what calibrate.py and score.py measured."""

from pathlib import Path
from typing import Any

from network import FINDINGS

SCORE_COMMAND = "`python score.py --onnx reader.onnx --calibration calibration.json --out score.json`"
CALIBRATE_COMMAND = "`python calibrate.py --onnx reader.onnx --out calibration.json`"

PROSE = (Path(__file__).parent / "model_card.txt").read_text(encoding="utf-8").split("\n%%\n")
INTRODUCTION, AUROC, OPERATING, GATE, CALIBRATION, LIMITS = PROSE


def span(one: dict[str, Any] | None) -> str:
    """A value with its interval, or why there is none."""
    if one is None:
        return "n/a"
    if one["auroc"] is None:
        return f"n/a (too few: {one['positives']})"
    return f"{one['auroc']:.3f} [{one['interval'][0]:.3f}, {one['interval'][1]:.3f}]"


def share(one: dict[str, Any]) -> str:
    """Hits of n with a Wilson interval."""
    low, high = one["interval"]
    return f"{one['hits']} of {one['n']} = {one['hits'] / one['n']:.3f} [{low:.3f}, {high:.3f}]"


def auroc_section(figures: dict[str, Any]) -> str:
    """AUROC beside the reference."""
    lines = [
        "\n" + AUROC.format(**figures, command=SCORE_COMMAND) + "\n",
        "| finding | positives | this reader | reference |\n| --- | --- | --- | --- |",
    ]
    for name, row in figures["auroc"].items():
        label = f"mean of {len(row['findings'])} findings" if name == "mean" else name
        positives = row["ours"].get("positives", "")
        lines.append(f"| {label} | {positives} | {span(row['ours'])} | {span(row['reference'])} |")
    for name in ("any finding", "mean"):
        low, high = figures["auroc"][name]["difference"]
        lines.append(f"\nDifference to the reference, {name}: interval [{low:.3f}, {high:.3f}].")
    return "\n".join(lines)


def operating_section(figures: dict[str, Any]) -> str:
    """Operating points and calibration on test."""
    lines = [
        "\n" + OPERATING.format(command=SCORE_COMMAND) + "\n",
        "| finding | sensitivity, present | specificity, present | flagged present | flagged uncertain or present "
        "| ECE raw → calibrated |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in figures["operating"].items():
        low, high = row["sensitivity"]
        hit = f"{row['hits'] / max(row['positives'], 1):.2f} [{low:.2f}, {high:.2f}]"
        if row["positives"] < 10:
            hit = f"n/a (too few: {row['positives']})"
        low, high = row["specificity"]
        right = f"{1 - row['false'] / row['negatives']:.2f} [{low:.2f}, {high:.2f}]"
        lines.append(
            f"| {name} | {hit} | {right} | {row['flag_present']:.2f} | {row['flag_uncertain']:.2f} | "
            f"{row['ece_raw']:.3f} → {row['ece']:.3f} |"
        )
    return "\n".join(lines)


def subgroup_section(figures: dict[str, Any]) -> str:
    """AUROC by sex and view, and the gate."""
    lines = [
        f"\n## Subgroups (same films; {SCORE_COMMAND})\n",
        "| group | films | any finding | mean over findings with 10 positives |\n| --- | --- | --- | --- |",
    ]
    for name, row in figures["subgroups"].items():
        mean = f"{span(row['mean'])} ({row['findings']} findings)" if "mean" in row else "n/a (too few)"
        lines.append(f"| {name} | {row['n']} | {span(row['any'])} | {mean} |")
    lines.append("\n" + GATE.format(command=SCORE_COMMAND) + "\n")
    lines += [f"- {name}: {share(row)}" for name, row in figures["gate"].items() if name != "accepted by source"]
    return "\n".join(lines)


def calibration_section(calibration: dict[str, Any]) -> str:
    """What the calibrators were fitted on."""
    known = {key: calibration[key] for key in ("films", "clean_films", "prevalence_films")}
    lines = [
        "\n" + CALIBRATION.format(**known, command=CALIBRATE_COMMAND) + "\n",
        "| finding | positives (nih_clean) | kind | present | uncertain |\n| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one['name']} | {one['positives']} ({one['clean_positives']}) | {one['calibrator']['kind']} | "
        f"{one['present_at']} | {one['uncertain_at']} |"
        for one in calibration["scores"]
    ]
    return "\n".join(lines)


def model_card(calibration: dict[str, Any], figures: dict[str, Any] | None, networks: int) -> str:
    """The whole card as Markdown."""
    assert len(calibration["scores"]) == len(FINDINGS) + 1
    parts = [INTRODUCTION.format(networks=networks)]
    if figures:
        parts += [auroc_section(figures), operating_section(figures), subgroup_section(figures)]
    else:
        parts.append("\n## Figures\nNot scored yet: an early version.\n")
    return "\n".join([*parts, calibration_section(calibration), "", LIMITS])
