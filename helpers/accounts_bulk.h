/*
 * accounts_bulk -- what mailctl may ask of accounts about many names at once
 * (docs/helpers.md): a row of the table in accounts.c.
 */
#ifndef ACCOUNTS_BULK_H
#define ACCOUNTS_BULK_H

struct request;

/* Many rows, as one change; waits for hashes and for room in the links. */
int answer_import(struct request *q);

#endif
