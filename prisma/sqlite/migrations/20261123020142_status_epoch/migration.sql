-- AlterTable
ALTER TABLE "Instance" ADD COLUMN "statusEpoch" BIGINT;
