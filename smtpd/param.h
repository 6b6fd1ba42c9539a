/*
 * param -- the parameters of MAIL and RCPT (RFC 5321 4.1.1.11), of all
 * extensions: one table.
 */
#ifndef PARAM_H
#define PARAM_H

#include "session.h"

/*
 * Read what follows the path, up to the end of the line, into the transaction,
 * or into *r.  0, or -1 after a refusal: 555 for what is not known, 501 for
 * what is malformed or stands twice.
 */
int param_mail(struct smtp *s, const char *text);
int param_rcpt(struct smtp *s, const char *text, struct recipient *r);

#endif
