# Limn, serving the page on port 8000:
#
#     docker build -t limn .
#     docker run --rm -v limn:/data -v ~/Pictures:/pictures:ro limn limn index /pictures
#     docker run --rm -v limn:/data limn limn token create me
#     docker run -p 8000:8000 -v limn:/data -v ~/Pictures:/pictures:ro limn
#
# The page asks for the token. For an NVIDIA GPU: docker build --build-arg LIMN_GPU=1 ..., and
# docker run --gpus all ...; for extras: --build-arg EXTRAS=sources,map

FROM python:3.12-slim AS build
ARG LIMN_GPU=0
ARG EXTRAS=""
COPY . /source
RUN python -m venv /limn \
    && LIMN_GPU=$LIMN_GPU /limn/bin/pip install --no-cache-dir "/source${EXTRAS:+[$EXTRAS]}"

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 limn && install -d -o limn /data
COPY --from=build /limn /limn
USER limn
ENV PATH=/limn/bin:$PATH LIMN_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["limn", "serve", "--host", "0.0.0.0", "--port", "8000"]
