build2/helpers/mailbox_proof.o: helpers/mailbox_proof.c \
 helpers/mailbox_proof.h helpers/owner.h common/wire.h common/clock.h
helpers/mailbox_proof.h:
helpers/owner.h:
common/wire.h:
common/clock.h:
