-- CreateTable
CREATE TABLE "Instance" (
    "instanceId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "phoneNumber" TEXT,
    "lid" TEXT,
    "status" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "qr" TEXT,
    "qrAt" BIGINT,
    "connectedAt" BIGINT,
    "lastSeen" BIGINT,
    "active" BOOLEAN NOT NULL,
    "settings" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "updatedAt" BIGINT NOT NULL,
    "deletedAt" BIGINT,

    CONSTRAINT "Instance_pkey" PRIMARY KEY ("instanceId")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "revokedAt" BIGINT,

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Webhook" (
    "id" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "headers" TEXT NOT NULL,
    "filter" TEXT,
    "minIntervalMs" INTEGER NOT NULL DEFAULT 0,
    "previousSecret" TEXT,
    "previousSecretUntil" BIGINT,
    "enabled" BOOLEAN NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "updatedAt" BIGINT NOT NULL,

    CONSTRAINT "Webhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Delivery" (
    "seq" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "webhookId" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "eventId" TEXT NOT NULL,
    "eventType" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "nextAttemptAt" BIGINT NOT NULL,
    "lastStatus" INTEGER,
    "lastError" TEXT,
    "createdAt" BIGINT NOT NULL,
    "deliveredAt" BIGINT,

    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "Message" (
    "seq" BIGSERIAL NOT NULL,
    "instanceId" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "party" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "state" TEXT,
    "correlationId" TEXT,
    "proto" BYTEA,
    "attempts" INTEGER NOT NULL,
    "failureCode" TEXT,
    "failureMessage" TEXT,
    "timestamp" BIGINT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "sentAt" BIGINT,
    "deliveredAt" BIGINT,
    "readAt" BIGINT,
    "playedAt" BIGINT,
    "failedAt" BIGINT,
    "dueAt" BIGINT,
    "expiresAt" BIGINT,
    "request" TEXT,
    "retries" INTEGER NOT NULL DEFAULT 0,
    "discardedAt" BIGINT,
    "idempotencyKey" TEXT,
    "requestHash" TEXT,

    CONSTRAINT "Message_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "StashedMedia" (
    "instanceId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,
    "createdAt" BIGINT NOT NULL,

    CONSTRAINT "StashedMedia_pkey" PRIMARY KEY ("instanceId","messageId","part")
);

-- CreateTable
CREATE TABLE "JournalEntry" (
    "seq" BIGSERIAL NOT NULL,
    "instanceId" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "stanza" BYTEA,
    "plaintext" BYTEA NOT NULL,
    "doneAt" BIGINT,
    "createdAt" BIGINT NOT NULL,

    CONSTRAINT "JournalEntry_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "CiphertextMemo" (
    "instanceId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "jid" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "createdAt" BIGINT NOT NULL,

    CONSTRAINT "CiphertextMemo_pkey" PRIMARY KEY ("instanceId","messageId","jid")
);

-- CreateTable
CREATE TABLE "SessionCredentials" (
    "instanceId" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "SessionCredentials_pkey" PRIMARY KEY ("instanceId")
);

-- CreateTable
CREATE TABLE "SignalKey" (
    "instanceId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "SignalKey_pkey" PRIMARY KEY ("instanceId","type","id")
);

-- CreateTable
CREATE TABLE "Lease" (
    "instanceId" TEXT NOT NULL,
    "owner" TEXT,
    "epoch" BIGINT NOT NULL,
    "expiresAt" BIGINT NOT NULL,

    CONSTRAINT "Lease_pkey" PRIMARY KEY ("instanceId")
);

-- CreateTable
CREATE TABLE "Node" (
    "nodeId" TEXT NOT NULL,
    "startedAt" BIGINT NOT NULL,
    "seenAt" BIGINT NOT NULL,
    "draining" BOOLEAN NOT NULL,
    "report" TEXT NOT NULL,

    CONSTRAINT "Node_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "Setting" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "Setting_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "Instance_createdAt_idx" ON "Instance"("createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_hash_key" ON "ApiKey"("hash");

-- CreateIndex
CREATE INDEX "Webhook_instanceId_createdAt_idx" ON "Webhook"("instanceId", "createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "Delivery_id_key" ON "Delivery"("id");

-- CreateIndex
CREATE INDEX "Delivery_webhookId_createdAt_idx" ON "Delivery"("webhookId", "createdAt");

-- CreateIndex
CREATE INDEX "Delivery_webhookId_state_createdAt_idx" ON "Delivery"("webhookId", "state", "createdAt");

-- CreateIndex
CREATE INDEX "Delivery_lane_idx" ON "Delivery"("webhookId", "lane", "seq", "nextAttemptAt") WHERE ("state" = 'pending');

-- CreateIndex
CREATE INDEX "Delivery_due_idx" ON "Delivery"("nextAttemptAt") WHERE ("state" = 'pending');

-- CreateIndex
CREATE UNIQUE INDEX "Delivery_webhookId_eventId_key" ON "Delivery"("webhookId", "eventId");

-- CreateIndex
CREATE INDEX "Message_queue_idx" ON "Message"("instanceId", "dueAt", "seq") WHERE ("state" = 'queued');

-- CreateIndex
CREATE INDEX "Message_expiry_idx" ON "Message"("expiresAt") WHERE ("state" = 'queued');

-- CreateIndex
CREATE INDEX "Message_dead_idx" ON "Message"("instanceId", "seq") WHERE ("state" = 'failed');

-- CreateIndex
CREATE INDEX "Message_instanceId_messageId_direction_idx" ON "Message"("instanceId", "messageId", "direction");

-- CreateIndex
CREATE INDEX "Message_instanceId_seq_idx" ON "Message"("instanceId", "seq");

-- CreateIndex
CREATE INDEX "Message_instanceId_chatId_seq_idx" ON "Message"("instanceId", "chatId", "seq");

-- CreateIndex
CREATE INDEX "Message_sending_idx" ON "Message"("instanceId", "createdAt") WHERE ("state" = 'sending');

-- CreateIndex
CREATE UNIQUE INDEX "Message_instanceId_chatId_direction_messageId_party_key" ON "Message"("instanceId", "chatId", "direction", "messageId", "party");

-- CreateIndex
CREATE UNIQUE INDEX "Message_idempotency_idx" ON "Message"("instanceId", "idempotencyKey") WHERE ("idempotencyKey" IS NOT NULL);

-- CreateIndex
CREATE INDEX "StashedMedia_createdAt_idx" ON "StashedMedia"("createdAt");

-- CreateIndex
CREATE INDEX "JournalEntry_undone_idx" ON "JournalEntry"("instanceId", "seq") WHERE ("doneAt" IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "JournalEntry_instanceId_hash_key" ON "JournalEntry"("instanceId", "hash");

-- CreateIndex
CREATE INDEX "CiphertextMemo_createdAt_idx" ON "CiphertextMemo"("createdAt");

-- CreateIndex
CREATE INDEX "Lease_owner_idx" ON "Lease"("owner");

-- CreateIndex
CREATE UNIQUE INDEX "Lease_instanceId_epoch_key" ON "Lease"("instanceId", "epoch");

-- AddForeignKey
ALTER TABLE "Webhook" ADD CONSTRAINT "Webhook_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance"("instanceId") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delivery" ADD CONSTRAINT "Delivery_webhookId_fkey" FOREIGN KEY ("webhookId") REFERENCES "Webhook"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Lease" ADD CONSTRAINT "Lease_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance"("instanceId") ON DELETE CASCADE ON UPDATE CASCADE;
