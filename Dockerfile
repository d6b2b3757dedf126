# syntax=docker/dockerfile:1
# The gateway as a container image: docker build -t chasqui .
# test/services/image.test.ts runs these steps without Docker; hence no absolute paths in RUN, but for the one of the data directory.

# Debian's C library: the one that the tests run on. The prebuilt parts (libsql, sharp) exist for Alpine, too.
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build/server
COPY server/package.json server/package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY prisma ../prisma/
COPY scripts ../scripts/
COPY server ./
RUN npm run generate && npm run build -- --declaration false --sourceMap false

FROM ${NODE_IMAGE} AS packages
WORKDIR /packages
COPY server/package.json server/package-lock.json deploy/slim-packages.sh ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && sh slim-packages.sh

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
RUN mkdir /data && chown node:node /data
WORKDIR /app
COPY --from=packages /packages/node_modules node_modules/
COPY --from=build /build/server/dist dist/
COPY server/package.json server/LICENSE server/NOTICE.md ./
USER node
EXPOSE 3000
# Alive, not ready: a gateway that waits for its database must not be ended for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli.js"]
CMD ["start"]
