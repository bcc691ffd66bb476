"""What a technical report needs of one system: a paragraph, a LaTeX table, and a badge."""

from __future__ import annotations

from dcase_energy import __version__
from dcase_energy.editions.model import Edition
from dcase_energy.ranking.bases import BASES_IN_WORDS, basis_of, official_basis, ratio_column
from dcase_energy.ranking.order import Ranked
from dcase_energy.ranking.uncertainty import contents_of_ratio
from dcase_energy.text import one_line
from dcase_energy.units import format_energy, format_significant
from dcase_energy.writing.escape import html, latex

_EVIDENCE = {
    "recomputed": "a calibration record, computed again from its journal",
    "record": "a calibration record",
    "declared": "the metadata, which declare it",
}
_CHARACTER_PX = 6.6


def card_of(one: Ranked, edition: Edition, hardware: str | None) -> dict[str, bytes]:
    """Return the files of a system's card by name: ``LABEL.txt``, ``LABEL.tex`` and ``LABEL.svg``.

    Parameters
    ----------
    one
        The system, with its ratios as `report` and `rank` give them.
    edition
        What it is ranked by.
    hardware
        As the metadata or a record name it; None where neither does.
    """
    name, on = one.entry.label.replace("/", "_"), hardware or one.entry.gpu_model or "hardware that is not named"
    texts = {"txt": _paragraph(one, edition, on), "tex": _table(one, edition, on), "svg": _badge(one, edition)}
    return {f"{name}.{kind}": text.encode() for kind, text in texts.items()}


def _paragraph(one: Ranked, edition: Edition, hardware: str) -> str:
    entry = one.entry
    sentences = [f"The energies of {entry.label} are those on {one_line(hardware)}."]
    sentences += [_of_stage(one, edition, stage) for stage in edition.stages]
    stages: dict[str, list[str]] = {}
    for stage in edition.stages:
        if (basis := basis_of(entry, edition, stage)) is not None:
            stages.setdefault(basis, []).append(stage)
    sentences += [f"Basis of {' and '.join(of)}: {BASES_IN_WORDS[basis]}." for basis, of in stages.items()]
    if entry.baseline_evidence is not None:
        sentences.append(f"The baseline's energy is from {_EVIDENCE[entry.baseline_evidence]}.")
    if any(found.estimated for found in entry.compared.values()):
        sentences.append("No sensor counted the energy: it is an estimate dominated by time.")
    sentences.append(f"Ratios and intervals: dcase-energy {__version__}, edition {edition.name}.")
    return " ".join(sentences) + "\n"


def _of_stage(one: Ranked, edition: Edition, stage: str) -> str:
    entry, ratio = one.entry, one.figures.official_ratio[stage]
    energy_kwh, baseline_kwh = entry.energy_kwh.get(stage), entry.baseline_kwh.get(stage)
    what = stage.capitalize()
    if energy_kwh is None:
        return f"The energy of the {stage} is not known."
    if ratio is None or baseline_kwh is None:
        reason = entry.not_comparable.get(stage, "no energy of the baseline on the same hardware is known")
        return f"{what} took {format_energy(energy_kwh)}; no ratio to the baseline is stated: {reason}."
    ends, contents = _ends(one, edition, stage), contents_of_ratio(entry, edition, stage)
    sure = "no interval is known" if ends is None else " to ".join(ends) + (f"; {contents}" if contents else "")
    return (
        f"{what} took {format_energy(energy_kwh)}, {format_significant(ratio, 3)} times ({sure}) the "
        f"{format_energy(baseline_kwh)} of the baseline on the same hardware."
    )


def _ends(one: Ranked, edition: Edition, stage: str) -> tuple[str, str] | None:
    """The ends of a ratio's interval."""
    interval = one.uncertainty.intervals.get(ratio_column(stage, official_basis(edition)))
    return None if interval is None else (format_significant(interval.low, 3), format_significant(interval.high, 3))


def _table(one: Ranked, edition: Edition, hardware: str) -> str:
    entry = one.entry
    rows = []
    for stage in edition.stages:
        ratio, ends = one.figures.official_ratio[stage], _ends(one, edition, stage)
        energies = [entry.energy_kwh.get(stage), entry.baseline_kwh.get(stage)]
        cells = [
            stage,
            *("--" if value is None else latex(format_energy(value)) for value in energies),
            "--" if ratio is None else format_significant(ratio, 3),
            "--".join(ends or ("", "")),
            latex(basis_of(entry, edition, stage) or "--"),
        ]
        rows.append(" & ".join(cells) + r" \\")
    caption = f"Energy of {entry.label} on {one_line(hardware)}, edition {edition.name}."
    lines = [
        r"% needs \usepackage{booktabs} and \usepackage[T1]{fontenc}",
        r"\providecommand{\foreign}[2]{#2}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(caption, 1000)}}}",
        r"\begin{tabular}{@{}lrrrrl@{}}",
        r"\toprule",
        r"stage & system & baseline & ratio & interval & basis \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _badge(one: Ranked, edition: Edition) -> str:
    """Two fields: what it is, and the ratio of the first stage that has one."""
    ratios = one.figures.official_ratio
    stage = next((stage for stage in edition.stages if ratios[stage] is not None), None)
    left, right, colour = "energy", "not known", "#59636e"
    if stage is not None and (ratio := ratios[stage]) is not None:
        left, right = f"{stage} energy", f"{format_significant(ratio, 3)} × baseline"
        colour = "#1a7f37" if ratio <= 1 else "#0969da"
    widths = [round(len(text) * _CHARACTER_PX) + 12 for text in (left, right)]
    whole = sum(widths)
    title = html(f"{one.entry.label}: {left}, {right}")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{title}">
<title>{title}</title>
<rect width="{whole}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{widths[0] - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#32383f"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{widths[0] / 2}" y="14">{html(left)}</text>
<text x="{widths[0] + widths[1] / 2}" y="14">{html(right)}</text>
</g>
</svg>
"""
