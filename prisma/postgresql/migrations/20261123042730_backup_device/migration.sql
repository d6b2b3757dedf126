-- AlterTable
ALTER TABLE "Backup" ADD COLUMN     "device" TEXT NOT NULL DEFAULT '';
