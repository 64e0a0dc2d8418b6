# syntax=docker/dockerfile:1
# One image for the web server, the ingest and the migrations; the command chooses (deploy/bin/backfinca):
#   docker run ... backfinca            web
#   docker run ... backfinca ingest
#   docker run ... backfinca migrate

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /tmp/
# Wheels only: what would need a compiler fails here instead of bringing one along.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary=:all: -r /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes --quiet setuptools pip

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_ENV=production \
    HOST=0.0.0.0 \
    PORT=8081 \
    INGEST_PORT=8081 \
    INSTANCE_DIR=/var/lib/backfinca/instance \
    MEDIA_DIR=/var/lib/backfinca/media \
    BACKUP_DIR=/var/lib/backfinca/backups
# Nothing is installed in it any more.
RUN python -m pip uninstall --yes --quiet wheel setuptools pip \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/backfinca backfinca \
    && install -d -o backfinca -g backfinca -m 750 \
        /var/lib/backfinca /var/lib/backfinca/instance /var/lib/backfinca/media
WORKDIR /srv/backfinca
COPY --from=packages /opt/venv /opt/venv
# .dockerignore names what belongs in the image; everything else stays outside.
COPY . .
USER 10001
VOLUME /var/lib/backfinca
EXPOSE 8081
# Web server and ingest answer this alike. The jobs end before it is asked.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as w; w.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/api/v1/health\", timeout=4)"]
ENTRYPOINT ["/srv/backfinca/deploy/bin/backfinca"]
CMD ["web"]
