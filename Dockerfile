# One machine in one image: webserver, daemon and report server, as `make ui` starts them.
# Past one machine, run each of them as a container of its own with the same image and its own command.
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt ./
RUN /app/.venv/bin/pip install --no-deps --require-hashes -r requirements.txt
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY driftwatch_assets ./driftwatch_assets
RUN /app/.venv/bin/pip install --no-build-isolation --no-deps -e . \
 && /app/.venv/bin/python -m compileall -q /app/.venv/lib /app/driftwatch_assets

FROM python:3.13.9-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app driftwatch \
 && install -d -o driftwatch -g driftwatch /app /app/data
COPY --from=build --chown=root:root /app /app
WORKDIR /app
USER driftwatch
ENV PATH=/app/.venv/bin:$PATH \
    DAGSTER_HOME=/app/data/dagster \
    GX_ANALYTICS_ENABLED=false \
    MLFLOW_DISABLE_TELEMETRY=true
VOLUME /app/data
EXPOSE 3000 3070
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:3000/server_info', timeout=4)"]
# Inside the container every address is listened on; publish it to loopback only:
# docker run -p 127.0.0.1:3000:3000 -p 127.0.0.1:3070:3070 -v driftwatch:/app/data IMAGE
CMD ["driftwatch", "ui", "--host", "0.0.0.0"]
