-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Backup" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "instanceId" TEXT NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "cause" TEXT NOT NULL,
    "phoneNumber" TEXT,
    "device" TEXT NOT NULL DEFAULT '',
    "value" BLOB NOT NULL,
    "endedAt" BIGINT
);
INSERT INTO "new_Backup" ("cause", "createdAt", "endedAt", "id", "instanceId", "phoneNumber", "value") SELECT "cause", "createdAt", "endedAt", "id", "instanceId", "phoneNumber", "value" FROM "Backup";
DROP TABLE "Backup";
ALTER TABLE "new_Backup" RENAME TO "Backup";
CREATE INDEX "Backup_instanceId_createdAt_idx" ON "Backup"("instanceId", "createdAt");
CREATE INDEX "Backup_createdAt_idx" ON "Backup"("createdAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
