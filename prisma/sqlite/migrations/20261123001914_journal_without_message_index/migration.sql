-- DropIndex
DROP INDEX "JournalEntry_instanceId_messageId_idx";
