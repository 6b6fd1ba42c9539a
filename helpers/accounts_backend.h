/*
 * accounts_backend -- what mailctl may ask of accounts (docs/helpers.md) about
 * mailboxes that other servers have: rows of the table in accounts.c.
 */
#ifndef ACCOUNTS_BACKEND_H
#define ACCOUNTS_BACKEND_H

struct request;

int answer_user_backend(struct request *q);
int answer_backend_list(struct request *q);

#endif
