# The image of every process: web, worker, beat, expiry watcher. What runs is the command (docker-compose.yml).
FROM python:3.12-slim AS packages
COPY requirements/production.lock /tmp/production.lock
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/production.lock

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=false
# A number, so that Kubernetes can see that it is not root.
RUN useradd --uid 10001 --no-create-home housefull
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# The secret is of this one step: collecting files signs nothing.
RUN SECRET_KEY=only-while-building python manage.py collectstatic --noinput \
    && mkdir -p logs /state && chown housefull logs /state
USER 10001
EXPOSE 8000
CMD ["python", "-m", "realtime.server", "--host", "0.0.0.0", "--port", "8000"]
