"""Machine-learning models that are watched: one declaration becomes the whole Dagster asset graph."""

import os

# OpenMP reads this once, when scikit-learn loads it. Its threads otherwise wait for each other by spinning, which makes
# a gradient boosting on a few thousand rows take ten times the time as soon as another process wants the same cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
