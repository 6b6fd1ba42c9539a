/*
 * transfer -- the log of what was retrieved and deleted, a line a letter, where
 * the conf asks for it.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "session.h"

#include <stdint.h>

/* A line for letter number. */
void transfer_log(struct pop3 *p, const char *event, uint32_t number);

/* A line for each letter that is marked as deleted, and was removed. */
void transfer_log_deleted(struct pop3 *p);

#endif
