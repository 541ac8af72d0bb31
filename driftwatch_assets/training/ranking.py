"""Which candidate becomes the challenger: ranked on later batches that none of them saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from driftwatch_assets.training.fitting import SharedSteps, fit
from driftwatch_assets.training.prediction import ask
from driftwatch_assets.training.scores import paired_scores
from driftwatch_assets.training.window import stacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.training.declaration import TrainingDeclaration
    from driftwatch_assets.training.window import LabelledRows


@dataclass(frozen=True)
class RankingStep:
    """One step back in time: candidates fitted on earlier rows, scored on later ones.

    Attributes
    ----------
    earlier
        What the candidates are fitted on.
    later
        What they are scored on.

    """

    earlier: tuple[LabelledRows, ...]
    later: LabelledRows


@dataclass(frozen=True)
class Ranking:
    """The candidates in the declared order, with how each did on the later batches.

    Attributes
    ----------
    table
        Indexed by candidate: `score, score_low, score_high`, `difference, difference_low, difference_high` (to the
        best, paired), `within_noise`, `chosen`, `seconds` (fitting), and `batch_<key>` a ranking batch. The numbers are
        NaN where there was nothing to rank on.
    chosen
        Name of the candidate that becomes the challenger.
    reason
        One sentence.
    notes
        Warnings that fitting gave.

    """

    table: pd.DataFrame
    chosen: str
    reason: str
    notes: tuple[str, ...]


def ranking_steps(window: Sequence[LabelledRows], learn: LabelledRows, rank_batches: int) -> tuple[RankingStep, ...]:
    """Give the steps that candidates are ranked on, oldest first.

    A step is a batch j before the newest one, with all batches of the window before j to fit on, which must have at
    least two classes; the newest `rank_batches` such steps count. Where there is none, the newest batch's learning part
    takes the place of j, so that the judging rows still choose nothing. Where the window is a single batch there is no
    step at all.
    """
    steps = [
        RankingStep(tuple(window[:at]), window[at]) for at in range(1, len(window) - 1) if _classes(window[:at]) > 1
    ]
    if not steps and len(window) > 1 and _classes(window[:-1]) > 1:
        steps = [RankingStep(tuple(window[:-1]), learn)]
    return tuple(steps[-rank_batches:])


def rank(
    declaration: TrainingDeclaration,
    steps: Sequence[RankingStep],
    features: Sequence[str],
    *,
    progress: Callable[[str], None],
) -> Ranking:
    """Fit every candidate on each step's earlier rows, score it on the later ones, and choose.

    Decision rule: best is the highest mean score; chosen is the first listed candidate whose paired 95 % interval of
    the difference to the best reaches 0 or more.

    Raises
    ------
    TrainingFailed
        A candidate could not be fitted.
    ScoringFailed
        A fitted candidate could not score a later batch.

    """
    candidates = declaration.candidates
    names = [one.name for one in candidates]
    if not steps or len(candidates) == 1:
        why = "it is the only candidate" if len(candidates) == 1 else "there is no later batch to rank on"
        return Ranking(_unranked(names), names[0], f"{names[0]} is taken without ranking: {why}", ())
    seconds = dict.fromkeys(names, 0.0)
    notes: dict[str, None] = {}
    measured = []
    for step in steps:
        guesses = {}
        stack, shared = stacked(step.earlier, features), SharedSteps()
        for candidate in candidates:
            progress(f"ranking {candidate.name} on batch {step.later.batch}")
            fitted = fit(candidate, stack, seed=declaration.seed, shared=shared)
            what = f"candidate {candidate.name!r}, asked for batch {step.later.batch},"
            guesses[candidate.name] = ask(fitted.estimator.predict, step.later.frame, features, what=what)
            seconds[candidate.name] += fitted.seconds
            notes.update(dict.fromkeys(fitted.notes))
        measured.append((step.later.batch, step.later.labels, guesses))
    paired = paired_scores(measured, declaration.metric, seed=declaration.seed)
    best = max(names, key=lambda name: paired.scores[name].value)
    differences = {name: paired.difference(name, best) for name in names}
    chosen = next(name for name in names if differences[name].high >= 0)
    table = pd.DataFrame(
        {
            "score": [paired.scores[name].value for name in names],
            "score_low": [paired.scores[name].low for name in names],
            "score_high": [paired.scores[name].high for name in names],
            "difference": [differences[name].value for name in names],
            "difference_low": [differences[name].low for name in names],
            "difference_high": [differences[name].high for name in names],
            "within_noise": [differences[name].high >= 0 for name in names],
            "chosen": [name == chosen for name in names],
            "seconds": [seconds[name] for name in names],
            **{f"batch_{key}": [points[name] for name in names] for key, points in paired.by_batch.items()},
        },
        index=pd.Index(names, name="candidate"),
    )
    where = " and ".join(step.later.batch for step in steps)
    scored = f"{declaration.metric} {paired.scores[chosen].value:.4f} on batch {where}"
    if chosen == best:
        reason = f"{chosen} is best: {scored}"
    else:
        reason = f"{chosen} is listed before {best} and within noise of it: {scored}, difference {differences[chosen]}"
    return Ranking(table, chosen, reason, tuple(notes))


def _classes(rows: Sequence[LabelledRows]) -> int:
    return len({str(name) for one in rows for name in np.unique(one.labels)})


def _unranked(names: Sequence[str]) -> pd.DataFrame:
    numbers = ["score", "score_low", "score_high", "difference", "difference_low", "difference_high"]
    table = pd.DataFrame(np.nan, index=pd.Index(names, name="candidate"), columns=numbers)
    table["within_noise"] = True
    table["chosen"] = [at == 0 for at in range(len(names))]
    table["seconds"] = 0.0
    return table
