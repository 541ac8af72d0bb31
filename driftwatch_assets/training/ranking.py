"""Which candidate becomes the challenger: ranked on later batches that none of them saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.training.finishing import decided_crosswise, finished, found_temperature, said
from driftwatch_assets.training.fitting import SharedSteps, fit
from driftwatch_assets.training.prediction import ask, predict
from driftwatch_assets.training.scores import paired_scores, plain_scores
from driftwatch_assets.training.window import learn_and_judge, stacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from driftwatch_assets.training.declaration import TrainingDeclaration
    from driftwatch_assets.training.task import Metric, Task
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
        best, paired), `within_noise`, `chosen`, `train_score` (on the rows that each was fitted on), `gap`
        (`train_score - score`) and `gap_allowed`, `seconds` (fitting), and `batch_<key>` a ranking batch. The numbers
        are NaN where there was nothing to rank on; `train_score` and `gap` are also where no gate `maximum_gap` is
        declared, since nothing but that gate asks a model for rows that it has seen.
    chosen
        Name of the candidate that becomes the challenger.
    reason
        One sentence.
    notes
        Warnings that fitting gave.
    fitted
        The chosen candidate as it was fitted on the newest step's earlier rows; None where nothing was ranked.

    """

    table: pd.DataFrame
    chosen: str
    reason: str
    notes: tuple[str, ...]
    fitted: Any = None


def ranking_steps(
    window: Sequence[LabelledRows], learn: LabelledRows, rank_batches: int, *, fitted: int = 2, scored: int = 1
) -> tuple[RankingStep, ...]:
    """Give the steps that candidates are ranked on, oldest first.

    A step is a batch j before the newest one with at least `scored` classes, and all batches of the window before j to
    fit on, which must have at least `fitted` classes; the newest `rank_batches` such steps count. Where there is none,
    the newest batch's learning part takes the place of j, so that the judging rows still choose nothing. Where the
    window is a single batch there is no step at all.
    """
    steps = [
        RankingStep(tuple(window[:at]), window[at])
        for at in range(1, len(window) - 1)
        if _classes(window[:at]) >= fitted and _classes([window[at]]) >= scored
    ]
    if not steps and len(window) > 1 and _classes(window[:-1]) >= fitted and _classes([learn]) >= scored:
        steps = [RankingStep(tuple(window[:-1]), learn)]
    return tuple(steps[-rank_batches:])


def temperature_step(
    window: Sequence[LabelledRows],
    learn: LabelledRows,
    steps: Sequence[RankingStep],
    *,
    seed: int,
    time_column: str | None = None,
) -> RankingStep | None:
    """Give the step on which the chosen candidate's temperature is found: no row of it judges.

    It is the newest ranking step. Where there is none, the newest batch's learning part is halved (see
    `learn_and_judge`), and one half asked of a fit on the other and on the batches before. None where that leaves a
    single class to fit on.
    """
    if steps:
        return steps[-1]
    if len(learn.labels) <= 1:
        return None
    earlier, later = learn_and_judge(learn, 0.5, seed=seed, minimum=1, time_column=time_column)
    before = (*window[:-1], earlier)
    return RankingStep(before, later) if _classes(before) > 1 else None


def rank(
    declaration: TrainingDeclaration,
    steps: Sequence[RankingStep],
    features: Sequence[str],
    *,
    task: Task,
    progress: Callable[[str], None],
) -> Ranking:
    """Fit every candidate on each step's earlier rows, score it on the later ones, and choose.

    Decision rule: candidates whose gap is more than the gate `maximum_gap` allows are left out, unless all are; best is
    the highest mean score of the others; chosen is the first listed of them whose paired 95 % interval of the
    difference to the best reaches 0 or more.

    Raises
    ------
    TrainingFailed
        A candidate could not be fitted.
    ScoringFailed
        A fitted candidate could not score a later batch.

    """
    candidates, metric = declaration.candidates, declaration.metric_for(task)
    names = [one.name for one in candidates]
    if not steps or len(candidates) == 1:
        why = "it is the only candidate" if len(candidates) == 1 else "there is no later batch to rank on"
        return Ranking(_unranked(names), names[0], f"{names[0]} is taken without ranking: {why}", ())
    seconds = dict.fromkeys(names, 0.0)
    notes: dict[str, None] = {}
    newest: dict[str, Any] = {}
    measured, seen = [], []
    for step in steps:
        guesses, own = {}, {}
        stack, shared = stacked(step.earlier, features), SharedSteps()
        for candidate in candidates:
            progress(f"ranking {candidate.name} on batch {step.later.batch}")
            fitted = fit(candidate, stack, task=task, seed=declaration.seed, shared=shared)
            what = f"candidate {candidate.name!r}, asked for batch {step.later.batch},"
            asked = [step.later.frame] if declaration.gates.maximum_gap is None else [step.later.frame, stack.frame]
            answers = _answers(task, metric, fitted.estimator, step.later, asked, features, what=what)
            guesses[candidate.name], own[candidate.name] = answers[0], answers[-1]
            seconds[candidate.name] += fitted.seconds
            notes.update(dict.fromkeys(fitted.notes))
            newest[candidate.name] = fitted.estimator
        measured.append((step.later.batch, step.later.labels, guesses))
        if declaration.gates.maximum_gap is not None:
            seen.append((stack.batches, stack.labels, own))
    paired = paired_scores(measured, metric, seed=declaration.seed, task=task)
    trained = plain_scores(seen, metric, task=task) if seen else dict.fromkeys(names, np.nan)
    gaps = {name: trained[name] - paired.scores[name].value for name in names}
    overfit = [name for name in names if not declaration.gates.gap_allowed(gaps[name])]
    kept = [name for name in names if name not in overfit] or names
    best = max(kept, key=lambda name: paired.scores[name].value)
    differences = {name: paired.difference(name, best) for name in names}
    chosen = next(name for name in kept if differences[name].high >= 0)
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
            "train_score": [trained[name] for name in names],
            "gap": [gaps[name] for name in names],
            "gap_allowed": [name not in overfit for name in names],
            "seconds": [seconds[name] for name in names],
            **{f"batch_{key}": [points[name] for name in names] for key, points in paired.by_batch.items()},
        },
        index=pd.Index(names, name="candidate"),
    )
    where = " and ".join(step.later.batch for step in steps)
    scored = f"{metric} {paired.scores[chosen].value:.4f} on batch {where}"
    if chosen == best:
        reason = f"{chosen} is best: {scored}"
    else:
        reason = f"{chosen} is listed before {best} and within noise of it: {scored}, difference {differences[chosen]}"
    if overfit:
        told = ", ".join(f"{name} ({gaps[name]:.4f})" for name in overfit)
        left = "left out" if kept != names else "all the same ranked, since no candidate has a smaller one"
        reason += f"; {left}, with a gap of more than {declaration.gates.maximum_gap:.4f}: {told}"
    return Ranking(table, chosen, reason, tuple(notes), newest[chosen])


def _answers(
    task: Task,
    metric: Metric,
    fitted: Any,
    later: LabelledRows,
    tables: Sequence[pd.DataFrame],
    features: Sequence[str],
    *,
    what: str,
) -> list[NDArray[Any]]:
    """Ask a fitted candidate for what the metric is measured on, of some tables of rows."""
    if task.kind == "multiclass":
        return [ask(fitted.predict, table, features, what=what) for table in tables]
    if task.kind == "anomaly" or metric == "auc":
        # An area under the curve does not depend on the temperature: it is not looked for.
        model, ranked = finished(task, fitted, None), []
    else:
        model = finished(task, fitted, found_temperature(task, fitted, later, features, what=what))
        ranked, tables = [decided_crosswise(task, fitted, later, features, what=what)], tables[1:]
    return ranked + [said(task, metric, predict(model, table, features, what=what)) for table in tables]


def _classes(rows: Sequence[LabelledRows]) -> int:
    return len({str(name) for one in rows for name in np.unique(one.labels)})


def _unranked(names: Sequence[str]) -> pd.DataFrame:
    numbers = ["score", "score_low", "score_high", "difference", "difference_low", "difference_high"]
    numbers += ["train_score", "gap"]
    table = pd.DataFrame(np.nan, index=pd.Index(names, name="candidate"), columns=numbers)
    table[["within_noise", "gap_allowed"]] = True
    table["chosen"] = [at == 0 for at in range(len(names))]
    table["seconds"] = 0.0
    return table
