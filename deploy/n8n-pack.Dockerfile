# syntax=docker/dockerfile:1
# Puts the node pack into n8n's folder, then ends: docker build -f deploy/n8n-pack.Dockerfile -t chasqui-n8n-pack .
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS pack
WORKDIR /pack
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json gulpfile.js ./
COPY nodes nodes/
COPY credentials credentials/
COPY icons icons/
RUN npm run build:nodes && mv "$(npm pack --silent)" n8n-nodes-chasqui.tgz

FROM ${NODE_IMAGE}
USER node
# n8n's folder, which a volume takes the owner from.
RUN mkdir /home/node/.n8n
WORKDIR /home/node/.n8n
COPY --from=pack /pack/n8n-nodes-chasqui.tgz /pack/
# The tarball stays beside the packages: whatever n8n installs later, npm finds it again.
CMD ["sh", "-c", "cp /pack/n8n-nodes-chasqui.tgz . && npm install --prefix nodes --legacy-peer-deps --offline --no-audit --no-fund ./n8n-nodes-chasqui.tgz"]
