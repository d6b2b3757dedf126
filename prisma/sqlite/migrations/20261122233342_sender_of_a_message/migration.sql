-- DropIndex
DROP INDEX "Message_instanceId_chatId_direction_messageId_key";

-- CreateIndex
CREATE UNIQUE INDEX "Message_instanceId_chatId_direction_messageId_party_key" ON "Message"("instanceId", "chatId", "direction", "messageId", "party");
