# Gateway, worker and every other command of Liandong in one image; servers are elsewhere.
# The lock fixes every package by hash, the build backend included.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/liandong
COPY requirements-server.lock /source/
RUN /opt/liandong/bin/pip install --require-hashes -r /source/requirements-server.lock
COPY . /source
RUN /opt/liandong/bin/pip install --no-deps --no-build-isolation /source

FROM python:3.11-slim
# What dossiers are printed with.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin liandong
# A volume that is put here belongs to whom the folder does.
RUN install -d -o liandong -g liandong -m 0700 /anchors
COPY --from=build /opt/liandong /opt/liandong
ENV PATH=/opt/liandong/bin:$PATH LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER liandong
# An empty folder of nobody's: what lies there must not be taken for a module.
WORKDIR /srv
EXPOSE 8112
# Of the gateway, which is what runs unless told otherwise; docker-compose.yml says the worker's.
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 \
    CMD ["python", "-m", "runtime.health", "gateway"]
ENTRYPOINT ["liandong"]
CMD ["gateway"]
