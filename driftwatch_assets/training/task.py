"""What a model is to say of a row: the kinds of tasks, as a user declares them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

TaskKind = Literal["multiclass", "binary", "anomaly"]

Metric = Literal["accuracy", "f1_macro", "auc", "f1", "precision", "recall", "rate_fit"]
"""What candidates are ranked and champions judged by: each lies in [0, 1], and more is better."""

NORMAL, ANOMALY = "normal", "anomaly"

SAID = ("predicted", "confidence", "score", "champion_version", "champion_trained_through", "label_known_with")
"""Columns of predictions and outcomes besides the id, the label, what is carried, and a score a class."""


class _Task(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Column of gold that names a row within its batch.")
    time: str | None = Field(
        default=None, description="Column of gold with the row's moment; the newest rows of a batch then judge."
    )
    carried: tuple[str, ...] = Field(
        default=(),
        description="Further columns of gold that stand beside the features and the predictions and are never shown to "
        "a model.",
    )

    @property
    def no_features(self) -> frozenset[str]:
        """Columns of gold that no model sees."""
        label = getattr(self, "label", None)
        return frozenset(name for name in (self.id, self.time, label, *self.carried) if name is not None)

    @model_validator(mode="after")
    def _predictions_have_each_column_once(self) -> _Task:
        scores = (f"score_{name}" for name in getattr(self, "classes", ()))
        taken = {self.id, getattr(self, "label", None), *SAID, *scores}
        twice = [name for at, name in enumerate(self.carried) if name in taken or name in self.carried[:at]]
        if twice:
            message = (
                f"carried names {', '.join(map(repr, twice))}, which predictions have already; "
                f"give the column another name in gold, or leave it out"
            )
            raise ValueError(message)
        return self


class Multiclass(_Task):
    """A task with one label of several classes.

    Examples
    --------
    >>> Multiclass(id="row", label="gas", classes=("a", "b")).metrics
    ('accuracy', 'f1_macro')

    """

    kind: Literal["multiclass"] = "multiclass"
    label: str = Field(description="Column of gold with the class; null where it is not known yet.")
    classes: tuple[str, ...] = Field(min_length=2, description="Every class that may occur.")
    known_after: int = Field(
        default=0,
        ge=0,
        description="Batches after which a batch's labels are known; 0: they come with the batch. Otherwise labels() "
        "makes them of the tables of that later batch.",
    )

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that make sense for the task; the first is the usual one."""
        return ("accuracy", "f1_macro")

    @field_validator("classes")
    @classmethod
    def _once_each(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        repeated = sorted({name for name in classes if classes.count(name) > 1})
        if repeated:
            message = f"classes are named more than once: {', '.join(repeated)}"
            raise ValueError(message)
        return classes


class Binary(_Task):
    """A task with two classes, one of which is looked for.

    Examples
    --------
    >>> Binary(kind="binary", id="loan", label="outcome", positive="default", negative="repaid").classes
    ('repaid', 'default')

    """

    kind: Literal["binary"]
    label: str = Field(description="Column of gold with the class; null where it is not known yet.")
    positive: str = Field(description="The class that is looked for.")
    negative: str = Field(description="The other class.")
    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="Probability of the positive class from which it is predicted."
    )
    known_after: int = Field(
        default=0,
        ge=0,
        description="Batches after which a batch's labels are known; 0: they come with the batch. Otherwise labels() "
        "makes them of the tables of that later batch.",
    )

    @property
    def classes(self) -> tuple[str, ...]:
        """Both classes, the positive one last."""
        return (self.negative, self.positive)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that make sense for the task; the first is the usual one."""
        return ("auc", "accuracy", "f1_macro", "f1", "precision", "recall")

    @model_validator(mode="after")
    def _differ(self) -> Binary:
        if self.positive == self.negative:
            message = f"positive and negative are both {self.positive!r}; name two classes"
            raise ValueError(message)
        return self


class Anomaly(_Task):
    """A task without labels: the rows that are unlike the others.

    Examples
    --------
    >>> Anomaly(kind="anomaly", id="crash", contamination=0.1).classes
    ('normal', 'anomaly')

    """

    kind: Literal["anomaly"]
    contamination: float = Field(
        gt=0, lt=0.5, description="Share of rows that is called anomalous, on rows that no training saw."
    )

    @property
    def label(self) -> None:
        """There is none."""

    @property
    def known_after(self) -> int:
        """There is nothing to wait for."""
        return 0

    @property
    def classes(self) -> tuple[str, ...]:
        """What a row may be called."""
        return (NORMAL, ANOMALY)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """How close the share of anomalies comes to the declared one: 1 - |rate - contamination|."""
        return ("rate_fit",)


def _kind(given: Any) -> str:
    found = given.get("kind", "multiclass") if isinstance(given, dict) else getattr(given, "kind", "multiclass")
    return str(found)


Task = Annotated[
    Annotated[Multiclass, Tag("multiclass")] | Annotated[Binary, Tag("binary")] | Annotated[Anomaly, Tag("anomaly")],
    Discriminator(_kind),
]
