# The server alone, as an ordinary user: no tests, no tools, no pip. See docs/production.md.

FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/lumen && \
    pip --python /opt/lumen/bin/python install --no-cache-dir --no-compile --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY sql ./sql
COPY lumen_notify ./lumen_notify
RUN pip --python /opt/lumen/bin/python install --no-cache-dir --no-compile --no-deps . && \
    /opt/lumen/bin/python -m compileall -q /opt/lumen/lib

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home lumen && \
    install --directory --owner lumen --group lumen --mode 0700 /data
COPY --from=build /opt/lumen /opt/lumen
COPY deploy/healthcheck.py /opt/lumen/healthcheck.py
ENV PATH=/opt/lumen/bin:$PATH \
    LUMEN_HOST=0.0.0.0 \
    LUMEN_DATABASE_URL=sqlite:////data/lumen-notify.db
WORKDIR /data
VOLUME /data
USER 10001
EXPOSE 8000
HEALTHCHECK --start-period=20s --interval=10s --timeout=5s CMD ["python", "/opt/lumen/healthcheck.py"]
# In exec form, so that SIGTERM reaches the server and it ends its streams.
CMD ["lumen-notify", "serve"]
