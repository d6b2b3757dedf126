-- CreateTable
CREATE TABLE "StashedMedia" (
    "instanceId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "bytes" BLOB NOT NULL,
    "createdAt" BIGINT NOT NULL,

    PRIMARY KEY ("instanceId", "messageId", "part")
);

-- CreateTable
CREATE TABLE "JournalEntry" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "instanceId" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "stanza" BLOB,
    "plaintext" BLOB NOT NULL,
    "doneAt" BIGINT,
    "createdAt" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "CiphertextMemo" (
    "instanceId" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "jid" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "ciphertext" BLOB NOT NULL,
    "createdAt" BIGINT NOT NULL,

    PRIMARY KEY ("instanceId", "messageId", "jid")
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Message" (
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
    "failedAt" BIGINT,
    "dueAt" BIGINT,
    "expiresAt" BIGINT,
    "request" TEXT,
    "retries" INTEGER NOT NULL DEFAULT 0,
    "discardedAt" BIGINT,
    "idempotencyKey" TEXT,
    "requestHash" TEXT
);
INSERT INTO "new_Message" ("attempts", "chatId", "correlationId", "createdAt", "deliveredAt", "direction", "failedAt", "failureCode", "failureMessage", "instanceId", "messageId", "party", "playedAt", "proto", "readAt", "sentAt", "seq", "state", "timestamp", "type") SELECT "attempts", "chatId", "correlationId", "createdAt", "deliveredAt", "direction", "failedAt", "failureCode", "failureMessage", "instanceId", "messageId", "party", "playedAt", "proto", "readAt", "sentAt", "seq", "state", "timestamp", "type" FROM "Message";
DROP TABLE "Message";
ALTER TABLE "new_Message" RENAME TO "Message";
CREATE INDEX "Message_queue_idx" ON "Message"("instanceId", "dueAt", "seq") WHERE "state" = 'queued';
CREATE INDEX "Message_expiry_idx" ON "Message"("expiresAt") WHERE "state" = 'queued';
CREATE INDEX "Message_dead_idx" ON "Message"("instanceId", "seq") WHERE "state" = 'failed';
CREATE INDEX "Message_instanceId_messageId_direction_idx" ON "Message"("instanceId", "messageId", "direction");
CREATE INDEX "Message_instanceId_seq_idx" ON "Message"("instanceId", "seq");
CREATE INDEX "Message_instanceId_chatId_seq_idx" ON "Message"("instanceId", "chatId", "seq");
CREATE INDEX "Message_sending_idx" ON "Message"("instanceId", "createdAt") WHERE "state" = 'sending';
CREATE UNIQUE INDEX "Message_instanceId_chatId_direction_messageId_key" ON "Message"("instanceId", "chatId", "direction", "messageId");
CREATE UNIQUE INDEX "Message_idempotency_idx" ON "Message"("instanceId", "idempotencyKey") WHERE "idempotencyKey" IS NOT NULL;
CREATE TABLE "new_Webhook" (
    "id" TEXT NOT NULL PRIMARY KEY,
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
    CONSTRAINT "Webhook_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("instanceId") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_Webhook" ("createdAt", "enabled", "events", "headers", "id", "instanceId", "secret", "updatedAt", "url") SELECT "createdAt", "enabled", "events", "headers", "id", "instanceId", "secret", "updatedAt", "url" FROM "Webhook";
DROP TABLE "Webhook";
ALTER TABLE "new_Webhook" RENAME TO "Webhook";
CREATE INDEX "Webhook_instanceId_createdAt_idx" ON "Webhook"("instanceId", "createdAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "StashedMedia_createdAt_idx" ON "StashedMedia"("createdAt");

-- CreateIndex
CREATE INDEX "JournalEntry_instanceId_messageId_idx" ON "JournalEntry"("instanceId", "messageId");

-- CreateIndex
CREATE INDEX "JournalEntry_undone_idx" ON "JournalEntry"("instanceId", "seq") WHERE "doneAt" IS NULL;

-- CreateIndex
CREATE UNIQUE INDEX "JournalEntry_instanceId_hash_key" ON "JournalEntry"("instanceId", "hash");

-- CreateIndex
CREATE INDEX "CiphertextMemo_createdAt_idx" ON "CiphertextMemo"("createdAt");
