# SPDX-License-Identifier: Apache-2.0
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends bash make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY packaging/install_deps.sh packaging/install_deps.sh
RUN packaging/install_deps.sh build
COPY . .
RUN make build

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      libgflags2.2 libgoogle-glog0v6 libisal2 liblz4-1 libre2-9 librocksdb7.8 libsnappy1v5 \
      libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/gneiss --create-home gneiss
COPY --from=build /src/build/bin/ /usr/local/bin/
USER gneiss
VOLUME /var/lib/gneiss
EXPOSE 9092
# One Metadata call, which is answered only when every partition is served.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["gneiss", "health", "--address=127.0.0.1:9092"]
ENTRYPOINT ["gneiss"]
CMD ["--data_dir=/var/lib/gneiss", "--listeners=PLAINTEXT://0.0.0.0:9092"]
