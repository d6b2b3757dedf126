-- AlterTable
ALTER TABLE "ApiKey" ADD COLUMN     "instances" TEXT,
ADD COLUMN     "lastUsedAt" BIGINT,
ADD COLUMN     "scopes" TEXT NOT NULL DEFAULT '["admin"]';

-- CreateTable
CREATE TABLE "AuditEntry" (
    "seq" BIGSERIAL NOT NULL,
    "at" BIGINT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "instanceId" TEXT,
    "outcome" TEXT NOT NULL,
    "detail" TEXT,
    "requestId" TEXT,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "ConnectionRecord" (
    "seq" BIGSERIAL NOT NULL,
    "instanceId" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "ConnectionRecord_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "Backup" (
    "id" TEXT NOT NULL,
    "instanceId" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "cause" TEXT NOT NULL,
    "phoneNumber" TEXT,
    "value" BYTEA NOT NULL,
    "endedAt" BIGINT,

    CONSTRAINT "Backup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DataKey" (
    "id" INTEGER NOT NULL,
    "masterId" TEXT NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "retiredAt" BIGINT,

    CONSTRAINT "DataKey_pkey" PRIMARY KEY ("id","masterId")
);

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
