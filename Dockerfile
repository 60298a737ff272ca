# The service: docker build -t recorte . && docker run --rm --stop-timeout 70 -p 8000:8000 recorte
FROM python:3.12-slim

WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
COPY conf conf
COPY web web
RUN pip install --no-cache-dir --constraint constraints.txt '.[service,heif]' && rm -rf /build

RUN useradd --no-create-home --uid 10001 recorte
USER recorte
WORKDIR /

EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["recorte", "serve", "--host", "0.0.0.0", "--port", "8000"]
