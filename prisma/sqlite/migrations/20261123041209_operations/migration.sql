-- CreateTable
CREATE TABLE "AuditEntry" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" BIGINT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "instanceId" TEXT,
    "outcome" TEXT NOT NULL,
    "detail" TEXT,
    "requestId" TEXT
);

-- CreateTable
CREATE TABLE "ConnectionRecord" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "instanceId" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "Backup" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "instanceId" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "cause" TEXT NOT NULL,
    "phoneNumber" TEXT,
    "value" BLOB NOT NULL,
    "endedAt" BIGINT
);

-- CreateTable
CREATE TABLE "DataKey" (
    "id" INTEGER NOT NULL,
    "masterId" TEXT NOT NULL,
    "wrapped" BLOB NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "retiredAt" BIGINT,

    PRIMARY KEY ("id", "masterId")
);

-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_ApiKey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT NOT NULL DEFAULT '["admin"]',
    "instances" TEXT,
    "createdAt" BIGINT NOT NULL,
    "revokedAt" BIGINT,
    "lastUsedAt" BIGINT
);
INSERT INTO "new_ApiKey" ("createdAt", "hash", "id", "name", "revokedAt") SELECT "createdAt", "hash", "id", "name", "revokedAt" FROM "ApiKey";
DROP TABLE "ApiKey";
ALTER TABLE "new_ApiKey" RENAME TO "ApiKey";
CREATE UNIQUE INDEX "ApiKey_hash_key" ON "ApiKey"("hash");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;

-- CreateIndex
CREATE INDEX "AuditEntry_instanceId_seq_idx" ON "AuditEntry"("instanceId", "seq");

-- CreateIndex
CREATE INDEX "AuditEntry_actorId_seq_idx" ON "AuditEntry"("actorId", "seq");

-- CreateIndex
CREATE INDEX "AuditEntry_action_seq_idx" ON "AuditEntry"("action", "seq");

-- CreateIndex
CREATE INDEX "AuditEntry_at_idx" ON "AuditEntry"("at");

-- CreateIndex
CREATE INDEX "ConnectionRecord_instanceId_seq_idx" ON "ConnectionRecord"("instanceId", "seq");

-- CreateIndex
CREATE INDEX "ConnectionRecord_at_idx" ON "ConnectionRecord"("at");

-- CreateIndex
CREATE INDEX "Backup_instanceId_createdAt_idx" ON "Backup"("instanceId", "createdAt");

-- CreateIndex
CREATE INDEX "Backup_createdAt_idx" ON "Backup"("createdAt");
