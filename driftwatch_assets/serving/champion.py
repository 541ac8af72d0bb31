"""A champion as it is served, and the model that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from driftwatch_assets.drift import Reference
from driftwatch_assets.steps.reference import FEATURES_FILE, SIGNATURE_FILE
from driftwatch_assets.training import Field, Signature, trees_in_turn

if TYPE_CHECKING:
    from driftwatch_assets.registry import LoadedModel, ModelRegistry


@dataclass(frozen=True)
class ServedModel:
    """A monitored model whose champion is served.

    Attributes
    ----------
    name, title, description
        As declared.
    id
        The column that names a row.
    label
        The column that the model tells; None where there is none.
    beside
        Columns of gold that no model sees and a record may have: its moment, and what is carried along.
    registry
        Where its versions are.

    """

    name: str
    title: str
    description: str
    id: str
    label: str | None
    beside: frozenset[str]
    registry: ModelRegistry


@dataclass(frozen=True, eq=False)
class Champion:
    """A loaded champion with what it takes.

    Attributes
    ----------
    served
        The model that it belongs to.
    loaded
        The registered version in memory.
    signature
        What it takes.
    quick
        Whether it scores a row in a few milliseconds.

    """

    served: ServedModel
    loaded: LoadedModel
    signature: Signature
    quick: bool = False

    @classmethod
    def of(cls, served: ServedModel, loaded: LoadedModel) -> Champion:
        """Make a loaded version quick, and read what it takes from what was stored beside it."""
        loaded = replace(loaded, estimator=trees_in_turn(loaded.estimator))
        stored = loaded.references.get(SIGNATURE_FILE)
        signature = _from_reference(loaded) if stored is None else Signature.from_bytes(stored)
        return cls(served, loaded, signature)

    @property
    def version(self) -> int:
        """Its number in the registry."""
        return self.loaded.version.version


def _from_reference(loaded: LoadedModel) -> Signature:
    """Describe a version that was registered before signatures were: by its drift reference.

    The reference may rest on fewer batches than the training, so that it lists no valid texts.
    """
    reference = Reference.from_bytes(loaded.references[FEATURES_FILE])
    fields = []
    for name in loaded.features:
        column = reference.columns[name]
        if name not in reference.categorical:
            fields.append(Field(name, "number", missing=True))
        else:
            truth = set(getattr(column, "counts", ())) <= {"True", "False"} and column.n > 0
            fields.append(Field(name, "truth" if truth else "text", missing=True))
    return Signature(tuple(fields))
