# One image for every process of the project: `driftwatch ui` on one machine, or a container each, as in compose.yaml.
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.image.txt ./
RUN /app/.venv/bin/pip install --no-deps --require-hashes -r requirements.image.txt
COPY pyproject.toml README.md dagster.yaml dagster.postgres.yaml workspace.yaml ./
COPY deploy/workspace.grpc.yaml ./deploy/
COPY driftwatch_assets ./driftwatch_assets
RUN /app/.venv/bin/pip install --no-build-isolation --no-deps -e . \
 && /app/.venv/bin/python -m compileall -q /app/.venv/lib /app/driftwatch_assets

FROM python:3.13.9-slim-bookworm
# What a run writes lies below /app/data; everything else belongs to root and is only read.
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin driftwatch \
 && install -d -o driftwatch -g driftwatch /app/data /app/data/dagster /app/data/landing
COPY --from=build --chown=root:root /app /app
# A model whose landing folder is not there cannot tell that nothing has arrived.
RUN for declared in /app/driftwatch_assets/defs/*/defs.yaml; do \
      install -d -o driftwatch -g driftwatch "/app/data/landing/$(basename "${declared%/defs.yaml}")"; \
    done
WORKDIR /app
USER 10001
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    DAGSTER_HOME=/app/data/dagster \
    DAGSTER_DISABLE_TELEMETRY=yes \
    GX_ANALYTICS_ENABLED=false \
    MLFLOW_DISABLE_TELEMETRY=true
VOLUME /app/data
EXPOSE 3000 3070
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:3000/server_info', timeout=4)"]
# Inside the container every address is listened on, which needs a token; publish it to loopback only:
# docker run -e DRIFTWATCH_TOKEN -p 127.0.0.1:3000:3000 -p 127.0.0.1:3070:3070 -v driftwatch:/app/data IMAGE
CMD ["driftwatch", "ui", "--host", "0.0.0.0"]
