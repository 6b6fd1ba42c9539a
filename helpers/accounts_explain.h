/*
 * accounts_explain -- what mailctl may ask of accounts about who gets a mail
 * and why (docs/helpers.md): a row of the table in accounts.c.
 */
#ifndef ACCOUNTS_EXPLAIN_H
#define ACCOUNTS_EXPLAIN_H

struct request;

int answer_explain(struct request *q);

#endif
