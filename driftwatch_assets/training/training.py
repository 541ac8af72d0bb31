"""One training: rank the candidates, judge the challenger against the champion, refit the winner."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.training.binary import known_classes
from driftwatch_assets.training.errors import NotEnoughLabels
from driftwatch_assets.training.finishing import finished, found_temperature, threshold_of
from driftwatch_assets.training.fitting import fit
from driftwatch_assets.training.identity import data_fingerprint, model_fingerprint, training_fingerprint
from driftwatch_assets.training.judging import compare, decide, judge
from driftwatch_assets.training.prediction import predict
from driftwatch_assets.training.ranking import rank, ranking_steps, temperature_step
from driftwatch_assets.training.window import check_features, learn_and_judge, stacked, training_window, with_features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from driftwatch_assets.training.candidate import Candidate
    from driftwatch_assets.training.declaration import TrainingDeclaration
    from driftwatch_assets.training.identity import Champion
    from driftwatch_assets.training.judging import Comparison, GateResult, Promotion
    from driftwatch_assets.training.ranking import Ranking, RankingStep
    from driftwatch_assets.training.task import Metric, Task
    from driftwatch_assets.training.window import GoldBatch, LabelledRows

_BOTH = 2
_OF_BOTH = frozenset({"auc", "f1", "precision", "recall"})
"""Metrics that are about the positive class and say nothing of rows of a single one."""


@dataclass(frozen=True)
class TrainingOutcome:
    """All that a training found and made.

    Attributes
    ----------
    task
        What the model is to say.
    trained_through
        The last batch that the model may have seen. Where labels come late, it is later than the newest batch of the
        window.
    window
        The batches that it was trained on, in order.
    rows
        Labelled rows in the window; all rows where the task has no labels.
    candidate
        The chosen candidate's declaration.
    ranking
        How the candidates did on later batches, and why this one was chosen.
    comparison
        What was measured on the judging rows.
    gates
        The verdict on each declared gate.
    promotion
        The decision.
    estimator
        The promoted model, refitted on the whole window; the judged one where it was refused.
    judged_estimator
        The model that was judged, fitted without the judging rows.
    held_out
        Judging rows as the judged model scored them (see `predict`), with the identity column, `batch` and, where the
        task has labels, `label`. The reference of prediction drift.
    features, classes
        Columns in the order of fitting; class names in the order of the scores.
    champion
        Fingerprint of the champion that it was compared with, or None.
    fingerprint, judged_fingerprint
        Content fingerprints of `estimator` and of `judged_estimator`.
    training_fingerprint
        Fingerprint of everything that went in; the same one always has the same outcome.
    data_fingerprint
        Fingerprint of the window's batches.
    batch_fingerprints
        Content fingerprint a batch of the window.
    temperature
        See `TemperatureScaled`; None for an anomaly task.
    threshold
        The threshold that `estimator` applies: a probability for a binary task, a score for an anomaly task, else None.
    seed
        The declared seed.
    seconds
        Wall time of each phase.
    notes
        Warnings of the libraries, each once.

    """

    task: Task
    trained_through: str
    window: tuple[str, ...]
    rows: int
    candidate: Candidate
    ranking: Ranking
    comparison: Comparison
    gates: tuple[GateResult, ...]
    promotion: Promotion
    estimator: Any
    judged_estimator: Any
    held_out: pd.DataFrame
    features: tuple[str, ...]
    classes: tuple[str, ...]
    champion: str | None
    fingerprint: str
    judged_fingerprint: str
    training_fingerprint: str
    data_fingerprint: str
    batch_fingerprints: Mapping[str, str]
    temperature: float | None
    threshold: float | None
    seed: int
    seconds: Mapping[str, float]
    notes: tuple[str, ...]


def train(
    declaration: TrainingDeclaration,
    batches: Sequence[GoldBatch],
    *,
    task: Task,
    through: str,
    features: Sequence[str],
    newest: str | None = None,
    champion: Champion | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrainingOutcome:
    """Train through a batch.

    Candidates are ranked on batches before the newest one, each by a fit on what came before it. The chosen one is
    fitted on everything but the newest batch's judging rows and compared with the champion on these; its temperature
    is found before that, on the newest batch that it was ranked on (see `temperature_step`). A promoted one is then
    refitted on all rows. No row is ever scored by a model that saw it, except for the gap between the two where the
    gate `maximum_gap` is declared; and the champion is only asked to predict.

    Parameters
    ----------
    declaration
        Candidates, window, metric, gates.
    batches
        Gold batches; those after `newest` and those without labels are left out.
    task
        What the model is to say: kind, label, classes, and the time by which the newest batch is split.
    through
        The last batch that the model may see: the moment as of which it is trained.
    features
        Feature columns.
    newest
        The newest batch whose labels were known as of `through`; by default `through` itself. Its rows judge. Of labels
        in `batches`, the caller has blanked those that were not known then.
    champion
        The champion as of `through`; None at the first training.
    progress
        Called with a few words before each part of the work.

    Returns
    -------
    TrainingOutcome

    Raises
    ------
    NotEnoughLabels
        Too few labelled rows, or a single class.
    ColumnsAbsent
        Batches of the window lack a feature, and `new_columns` is not declared.
    LabelUnknown
        A label of a binary task is neither of its classes.
    ValueError
        The declared metric or a gate makes no sense for the task.
    CandidateInvalid
        A candidate cannot be built.
    TrainingFailed
        A candidate cannot be fitted.
    ScoringFailed
        A candidate or the champion cannot score the rows.
    FeaturesMissing
        The champion needs features that gold no longer has.

    """
    clock = _Clock()
    metric = declaration.metric_for(task)
    window, learn, judging = labelled_parts(
        declaration, batches, task=task, through=through, features=features, newest=newest
    )
    steps = ranking_steps(
        window,
        learn,
        declaration.rank_batches,
        fitted=1 if task.kind == "anomaly" else _BOTH,
        scored=_BOTH if metric in _OF_BOTH else 1,
    )
    ranking = rank(declaration, steps, features, task=task, progress=progress)
    clock.lap("ranking")

    candidate = next(one for one in declaration.candidates if one.name == ranking.chosen)
    progress(f"fitting the challenger {candidate.name}")
    temperature = None
    if task.kind != "anomaly":
        step = temperature_step(window, learn, steps, seed=declaration.seed, time_column=task.time)
        temperature = 1.0 if step is None else _temperature(declaration, candidate, step, ranking, features, task=task)
    stack = stacked((*window[:-1], learn), features)
    judged = fit(candidate, stack, task=task, seed=declaration.seed)
    what = f"candidate {candidate.name!r}, asked for batch {judging.batch},"
    challenger = finished(task, judged.estimator, temperature)
    clock.lap("challenger")

    progress("judging the challenger")
    held_out = predict(challenger, judging.frame, features, what=what)
    rival = None if champion is None else predict(champion.estimator, judging.frame, champion.features)
    gap_declared = declaration.gates.maximum_gap is not None
    comparison = compare(
        judging.labels,
        held_out,
        rival,
        metric=metric,
        task=task,
        seed=declaration.seed,
        thresholds=(threshold_of(challenger), None if champion is None else threshold_of(champion.estimator)),
        seen=(stack.labels, predict(challenger, stack.frame, features, what=what)) if gap_declared else None,
    )
    gates = judge(comparison, declaration.gates)
    promotion = decide(gates, first=champion is None)
    clock.lap("judging")

    notes = [*ranking.notes, *judged.notes]
    final = challenger
    if promotion.promote:
        progress(f"refitting {candidate.name} on the whole window")
        refitted = fit(candidate, stacked(window, features), task=task, seed=declaration.seed)
        final = finished(task, refitted.estimator, temperature)
        notes += refitted.notes
        clock.lap("refitting")

    def identified(part: Any) -> str:
        return model_fingerprint(candidate, declaration, window, features, part=part, task=task)

    judged_fingerprint = identified("without judging rows")
    held_out.insert(0, "batch", judging.batch)
    if task.label is not None:
        held_out.insert(1, "label", judging.labels.astype(object))
    held_out.insert(0, task.id, judging.frame[task.id])
    return TrainingOutcome(
        task=task,
        trained_through=through,
        window=tuple(rows.batch for rows in window),
        rows=sum(len(rows.labels) for rows in window),
        candidate=candidate,
        ranking=ranking,
        comparison=comparison,
        gates=gates,
        promotion=promotion,
        estimator=final,
        judged_estimator=challenger,
        held_out=held_out.reset_index(drop=True),
        features=tuple(features),
        classes=task.classes if task.kind == "anomaly" else tuple(str(name) for name in final.classes_),
        champion=None if champion is None else champion.fingerprint,
        fingerprint=identified("whole window") if promotion.promote else judged_fingerprint,
        judged_fingerprint=judged_fingerprint,
        training_fingerprint=training_fingerprint(declaration, window, features, champion, task=task, through=through),
        data_fingerprint=data_fingerprint(window),
        batch_fingerprints={rows.batch: rows.fingerprint for rows in window},
        temperature=temperature,
        threshold=threshold_of(final),
        seed=declaration.seed,
        seconds=clock.laps,
        notes=tuple(dict.fromkeys(notes)),
    )


def _temperature(
    declaration: TrainingDeclaration,
    candidate: Candidate,
    step: RankingStep,
    ranking: Ranking,
    features: Sequence[str],
    *,
    task: Task,
) -> float | None:
    """Find the temperature of the chosen candidate by a fit that saw no row of the step's later ones."""
    fitted = ranking.fitted
    if fitted is None:
        fitted = fit(candidate, stacked(step.earlier, features), task=task, seed=declaration.seed).estimator
    what = f"candidate {candidate.name!r}, asked for batch {step.later.batch},"
    return found_temperature(task, fitted, step.later, features, what=what)


def labelled_parts(
    declaration: TrainingDeclaration,
    batches: Sequence[GoldBatch],
    *,
    task: Task,
    through: str,
    features: Sequence[str],
    newest: str | None = None,
) -> tuple[tuple[LabelledRows, ...], LabelledRows, LabelledRows]:
    """Give the training window, and its newest batch in two parts: what a challenger learns from, and what judges it.

    Parameters are those of `train`.

    Raises
    ------
    NotEnoughLabels, ColumnsAbsent, LabelUnknown, ValueError
        As `train`.

    """
    usable, _ = with_features(batches, features, declaration.new_columns)
    window = training_window(usable, task.label, through=through, newest=newest, size=declaration.window)
    check_features(window, features, through=through)
    if task.kind == "binary":
        for rows in window:
            known_classes(task, rows.labels)
    learn, judging = learn_and_judge(
        window[-1],
        declaration.judge_share,
        seed=declaration.seed,
        minimum=declaration.minimum_judge_rows,
        time_column=task.time,
    )
    _check_judging(judging, declaration.metric_for(task), through)
    return window, learn, judging


def _check_judging(judging: LabelledRows, metric: Metric, through: str) -> None:
    """Refuse judging rows on which the metric is undefined."""
    found = sorted({str(name) for name in np.unique(judging.labels)})
    if metric in _OF_BOTH and len(found) < _BOTH:
        raise NotEnoughLabels(
            f"cannot train through batch {through}: the {len(judging.labels)} rows of batch {judging.batch} that would "
            f"judge have the single class {found[0]!r}, on which {metric} is undefined. Wait for more labels, or "
            f"declare another judge_share"
        )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._begin = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._begin
        self._begin = now
