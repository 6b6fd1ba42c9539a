/*
 * accounts_export -- what mailctl may ask of accounts about users and all that
 * belongs to them (docs/helpers.md): a row of the table in accounts.c.
 */
#ifndef ACCOUNTS_EXPORT_H
#define ACCOUNTS_EXPORT_H

struct request;

/* A page of users; password hashes only if they are asked for. */
int answer_export(struct request *q);

#endif
