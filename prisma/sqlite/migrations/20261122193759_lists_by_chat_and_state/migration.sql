-- DropIndex
DROP INDEX "Message_instanceId_createdAt_idx";

-- CreateIndex
CREATE INDEX "Delivery_webhookId_state_createdAt_idx" ON "Delivery"("webhookId", "state", "createdAt");

-- CreateIndex
CREATE INDEX "Message_instanceId_seq_idx" ON "Message"("instanceId", "seq");

-- CreateIndex
CREATE INDEX "Message_instanceId_chatId_seq_idx" ON "Message"("instanceId", "chatId", "seq");
