-- CreateTable
CREATE TABLE "Lease" (
    "instanceId" TEXT NOT NULL PRIMARY KEY,
    "owner" TEXT,
    "epoch" BIGINT NOT NULL,
    "expiresAt" BIGINT NOT NULL,
    CONSTRAINT "Lease_instanceId_fkey" FOREIGN KEY ("instanceId") REFERENCES "Instance" ("instanceId") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Node" (
    "nodeId" TEXT NOT NULL PRIMARY KEY,
    "startedAt" BIGINT NOT NULL,
    "seenAt" BIGINT NOT NULL,
    "draining" BOOLEAN NOT NULL,
    "report" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "Setting" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "Lease_owner_idx" ON "Lease"("owner");

-- CreateIndex
CREATE UNIQUE INDEX "Lease_instanceId_epoch_key" ON "Lease"("instanceId", "epoch");
