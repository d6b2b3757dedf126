-- DropIndex
DROP INDEX "AuditEntry_action_seq_idx";

-- DropIndex
DROP INDEX "AuditEntry_actorId_seq_idx";

-- DropIndex
DROP INDEX "AuditEntry_instanceId_seq_idx";

-- AlterTable
ALTER TABLE "ApiKey" ADD COLUMN     "rateLimitPerMinute" INTEGER;

-- CreateIndex
CREATE INDEX "AuditEntry_instanceId_at_idx" ON "AuditEntry"("instanceId", "at");

-- CreateIndex
CREATE INDEX "AuditEntry_actorId_at_idx" ON "AuditEntry"("actorId", "at");

-- CreateIndex
CREATE INDEX "AuditEntry_action_at_idx" ON "AuditEntry"("action", "at");
