/*
 * accounts_backend -- what mailctl may ask of accounts (docs/helpers.md) about
 * mailboxes that other servers have: rows of the table in accounts.c.
 */
#ifndef ACCOUNTS_BACKEND_H
#define ACCOUNTS_BACKEND_H

struct record_backend;
struct request;

int answer_user_backend(struct request *q);
int answer_backend_list(struct request *q);

/* Room for a mailbox's place as people read it, with its NUL. */
#define ACCOUNTS_BACKEND_PLACE_MAX 1024

/* Where the mailbox is, to place[ACCOUNTS_BACKEND_PLACE_MAX]; "": here. */
void accounts_backend_describe(const struct record_backend *b, char *place);

#endif
