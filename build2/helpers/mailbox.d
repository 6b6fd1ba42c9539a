build2/helpers/mailbox.o: helpers/mailbox.c helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h common/wire.h common/device.h \
 common/packet.h common/fiber.h helpers/helper.h common/privileges.h \
 helpers/homes.h helpers/index.h common/catalog.h common/mailbox.h \
 common/mailbox_fetched.h common/shelf.h common/wire.h \
 helpers/index_file.h helpers/owner.h helpers/layout.h common/log.h \
 helpers/mailbox_admin.h helpers/mailbox_deliver.h helpers/mailbox_drop.h \
 helpers/mailbox_fetch.h helpers/mailbox_owners.h common/mailbox.h \
 helpers/mailbox_proof.h helpers/mailbox_remove.h helpers/mailbox_room.h \
 helpers/mailbox_visit.h helpers/maildir.h common/packet.h common/ring.h \
 common/server.h common/service_notify.h helpers/settings.h \
 helpers/store.h helpers/removals.h common/super.h helpers/trash.h \
 common/worker.h
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
common/device.h:
common/packet.h:
common/fiber.h:
helpers/helper.h:
common/privileges.h:
helpers/homes.h:
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
helpers/owner.h:
helpers/layout.h:
common/log.h:
helpers/mailbox_admin.h:
helpers/mailbox_deliver.h:
helpers/mailbox_drop.h:
helpers/mailbox_fetch.h:
helpers/mailbox_owners.h:
common/mailbox.h:
helpers/mailbox_proof.h:
helpers/mailbox_remove.h:
helpers/mailbox_room.h:
helpers/mailbox_visit.h:
helpers/maildir.h:
common/packet.h:
common/ring.h:
common/server.h:
common/service_notify.h:
helpers/settings.h:
helpers/store.h:
helpers/removals.h:
common/super.h:
helpers/trash.h:
common/worker.h:
