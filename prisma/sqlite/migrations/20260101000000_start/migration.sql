-- CreateTable
CREATE TABLE "Instance" (
    "instanceId" TEXT NOT NULL PRIMARY KEY,
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
    "deletedAt" BIGINT
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "revokedAt" BIGINT
);

-- CreateTable
CREATE TABLE "Webhook" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "instanceId" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "headers" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "updatedAt" BIGINT NOT NULL,
    CONSTRAINT "Webhook_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("instanceId") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Delivery" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
    CONSTRAINT "Delivery_webhookId_fkey" FOREIGN KEY ("webhookId") REFERENCES "Webhook" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Message" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "instanceId" TEXT NOT NULL,
    "chatId" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "party" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "state" TEXT,
    "correlationId" TEXT,
    "proto" BLOB,
    "attempts" INTEGER NOT NULL,
    "failureCode" TEXT,
    "failureMessage" TEXT,
    "timestamp" BIGINT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "sentAt" BIGINT,
    "deliveredAt" BIGINT,
    "readAt" BIGINT,
    "playedAt" BIGINT,
    "failedAt" BIGINT
);

-- CreateTable
CREATE TABLE "SessionCredentials" (
    "instanceId" TEXT NOT NULL PRIMARY KEY,
    "value" BLOB NOT NULL
);

-- CreateTable
CREATE TABLE "SignalKey" (
    "instanceId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "value" BLOB NOT NULL,

    PRIMARY KEY ("instanceId", "type", "id")
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
CREATE INDEX "Delivery_lane_idx" ON "Delivery"("webhookId", "lane", "seq", "nextAttemptAt") WHERE "state" = 'pending';

-- CreateIndex
CREATE INDEX "Delivery_due_idx" ON "Delivery"("nextAttemptAt") WHERE "state" = 'pending';

-- CreateIndex
CREATE UNIQUE INDEX "Delivery_webhookId_eventId_key" ON "Delivery"("webhookId", "eventId");

-- CreateIndex
CREATE INDEX "Message_instanceId_messageId_direction_idx" ON "Message"("instanceId", "messageId", "direction");

-- CreateIndex
CREATE INDEX "Message_instanceId_createdAt_idx" ON "Message"("instanceId", "createdAt");

-- CreateIndex
CREATE INDEX "Message_sending_idx" ON "Message"("instanceId", "createdAt") WHERE "state" = 'sending';

-- CreateIndex
CREATE UNIQUE INDEX "Message_instanceId_chatId_direction_messageId_key" ON "Message"("instanceId", "chatId", "direction", "messageId");
