/*
 * accounts_sasl_reply -- what accounts answers to a step of an exchange
 * (docs/helpers.md, WIRE_SASL_BEGIN).  Each frees *q.
 */
#ifndef ACCOUNTS_SASL_REPLY_H
#define ACCOUNTS_SASL_REPLY_H

#include "login.h"
#include "sasl.h"

#include <stddef.h>
#include <stdint.h>

struct request;

/* delay: ms for which the client is to wait. */
void accounts_sasl_reply_refused(
    struct request **q, enum sasl_result result, unsigned delay);

/* The client is to answer these octets. */
void accounts_sasl_reply_challenge(
    struct request **q, uint32_t handle, const void *data, size_t length);

/* It is logged in; pop3d gets a ticket for the mailbox. */
void accounts_sasl_reply_ok(struct request **q, const struct login *l);

/* The mailbox is another server's.  handle: of the exchange, where that server
 * has to judge the password, too; else 0. */
void accounts_sasl_reply_backend(
    struct request **q, const struct login *l, uint32_t handle);

#endif
