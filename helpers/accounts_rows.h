/*
 * accounts_rows -- the table of what may be asked of accounts, for tests too.
 */
#ifndef ACCOUNTS_ROWS_H
#define ACCOUNTS_ROWS_H

#include "server.h"

/* Ends with answer NULL. */
extern const struct server_row accounts_rows[];

#endif
