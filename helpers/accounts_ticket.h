/*
 * accounts_ticket -- what a good login becomes: a ticket that opens a mailbox
 * once, which mailbox knows before pop3d does.
 */
#ifndef ACCOUNTS_TICKET_H
#define ACCOUNTS_TICKET_H

#include "wire.h"

/*
 * Gives mailbox a new ticket for the user of this canonical name, and writes
 * it to ticket.  0, or -1 after a log line.  Waits where the
 * link is full.
 */
int
accounts_ticket_give(const char *name, unsigned char ticket[WIRE_TICKET_SIZE]);

#endif
